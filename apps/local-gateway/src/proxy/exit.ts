export interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** A plugin, or the gateway itself, answers; the upstream is not asked. */
export class Exit extends Error {
  constructor(readonly reply: Reply) {
    super(`exit ${reply.status}`);
  }
}

type ExitHeaders = Readonly<Record<string, string | number>>;
const list = (headers: ExitHeaders) =>
  Object.entries(headers).map(([name, value]) => [name, String(value)] as const);

/** `kong.response.exit` with a table: JSON as it is given. */
export function exitJson(status: number, body: unknown, headers: ExitHeaders = {}): Exit {
  return new Exit({
    status,
    headers: [['Content-Type', 'application/json; charset=utf-8'], ...list(headers)],
    body: Buffer.from(JSON.stringify(body)),
  });
}

export function exitText(status: number, body: string, headers: ExitHeaders = {}): Exit {
  return new Exit({ status, headers: list(headers), body: Buffer.from(body) });
}

export const MESSAGES: Readonly<Record<number, string>> = {
  400: 'Bad request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not found', 405: 'Method not allowed',
  408: 'Request timeout', 411: 'Length required', 412: 'Precondition failed', 413: 'Payload too large',
  414: 'URI too long', 415: 'Unsupported media type', 417: 'Expectation failed', 429: 'Too many requests',
  494: 'Request header or cookie too large', 500: 'An unexpected error occurred',
  502: 'An invalid response was received from the upstream server',
  503: 'The upstream server is currently unavailable', 504: 'The upstream server is timing out',
}; // prettier-ignore

/** `kong.response.error`: in the form the client accepts, JSON when it does not say. */
export function exitError(
  status: number,
  message: string | undefined,
  requestId: string,
  accept: string | undefined,
  headers: ExitHeaders = {},
): Exit {
  const text = message ?? MESSAGES[status] ?? `The upstream server responded with ${status}`;
  const { type, body } = errorBody(text, requestId, mediaType(accept ?? 'application/json'));
  return new Exit({ status, headers: [['Content-Type', type], ...list(headers)], body: Buffer.from(body) });
}

/** What nginx itself refuses, or the upstream broke: plain text when the client does not say. */
export function gatewayError(status: number, requestId: string, accept: string | undefined): Exit {
  return exitError(status === 494 ? 400 : status, MESSAGES[status], requestId, accept ?? 'text/plain');
}

function mediaType(accept: string): string {
  const best = accept
    .split(',')
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
      const q = parameters.find((each) => each.startsWith('q='));
      return { type, q: q ? Number(q.slice(2)) : 1 };
    })
    .sort((a, b) => b.q - a.q);
  for (const { type } of best) {
    if (type === 'text/plain') return 'text/plain';
    if (type === 'text/html') return 'text/html';
    if (type === 'application/xml' || type === 'text/xml') return 'application/xml';
    if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'application/json';
  }
  return 'application/json';
}

function errorBody(message: string, requestId: string, type: string): { type: string; body: string } {
  const full = `${type}; charset=utf-8`;
  if (type === 'text/plain') return { type: full, body: `${message}\nrequest_id: ${requestId}\n` };
  if (type === 'text/html')
    return {
      type: full,
      body: `<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n  <body>\n    <h1>Error</h1>\n    <p>${message}.</p>\n    <p>request_id: ${requestId}</p>\n  </body>\n</html>\n`,
    };
  if (type === 'application/xml')
    return {
      type: full,
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<error>\n  <message>${message}</message>\n  <requestid>${requestId}</requestid>\n</error>\n`,
    };
  const json = JSON.stringify({ message, request_id: requestId }, null, 2).replace(/": "/g, '":"');
  return { type: full, body: json };
}
