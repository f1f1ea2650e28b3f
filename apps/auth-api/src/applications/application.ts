export const APPLICATION_ID = { min: 3, max: 50, pattern: /^[a-z][a-z0-9-]*[a-z0-9]$/ };
export const REDIRECT_URI_MAX = 2000;

/** Names that would read as something of ours, in logs and at APIs. */
const RESERVED =
  /^(admin|root|system|gatehouse|keycloak-issuer|guest-.*|tier-.*|kong-.*|service-account-.*|parked-.*)$/;

/** What is wrong with the id of an application, or undefined. It is the first half of a consumer's name: no `$` in it. */
export function applicationIdFault(id: unknown): string | undefined {
  const { min, max, pattern } = APPLICATION_ID;
  if (typeof id !== 'string') return 'must be text';
  if (id.length < min || id.length > max || !pattern.test(id))
    return `must be ${min} to ${max} small letters, digits and hyphens, begin with a letter and not end with a hyphen`;
  return undefined;
}

/** What is wrong with the id of an application that is to be made. */
export function newApplicationIdFault(id: unknown): string | undefined {
  const fault = applicationIdFault(id);
  if (fault !== undefined) return fault;
  return RESERVED.test(id as string) ? 'is reserved, choose another' : undefined;
}

/**
 * What is wrong with a redirection endpoint, or undefined: an absolute URI without fragment.
 *
 * It is kept as it was written, since it is compared as text (§3.1.2.3).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
 */
export function redirectUriFault(uri: unknown): string | undefined {
  if (typeof uri !== 'string') return 'must be text';
  if (uri.length > REDIRECT_URI_MAX) return `must have at most ${REDIRECT_URI_MAX} characters`;
  if (!/^https?:\/\/(?![/?#\\])[\x21-\x7e]+$/.test(uri) || !URL.canParse(uri))
    return 'must be an absolute http or https address such as https://app.example.com/callback';
  const { username, password } = new URL(uri);
  if (username !== '' || password !== '') return 'must not contain a name or a password';
  return uri.includes('#') ? 'must not have a fragment' : undefined;
}
