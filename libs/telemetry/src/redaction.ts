/** Names of fields whose value never reaches a log, at any depth up to two (pino's `redact`). */
const SECRET_FIELDS = [
  'password',
  'new_password',
  'current_password',
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'api_key',
  'apikey',
  'key',
  'secret',
  'authorization',
  'cookie',
  // Of a database's error: the values of its statement, and a piece of the text that it could not read.
  'parameters',
  'where',
];

/** Paths for pino: the field itself, in any object of the line, and one level below that. */
export const REDACTED_PATHS = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** JWTs (three base64url parts, or a cut one), our API keys, and password or secret members of quoted JSON or forms. */
const SECRET_TEXT =
  /\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}|\bsk_[a-z]+_[0-9A-Za-z]{8,}|((?:password|secret|token|api_?key)\\?["']?\s*[:=]\s*\\?["']?)[^\s"'\\&,}]+/gi;

/**
 * The last lock: removes what looks like a credential from a finished log line, wherever it came from, such as the
 * message of a library's error that quotes a request.
 */
export function scrub(line: string): string {
  return line.replace(SECRET_TEXT, (match, label: string | undefined) =>
    label === undefined || match.endsWith('[redacted]') ? '[redacted]' : `${label}[redacted]`,
  );
}
