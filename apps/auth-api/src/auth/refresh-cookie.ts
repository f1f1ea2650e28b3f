/** Name of the cookie that keeps a page's refresh token from its scripts. */
export const REFRESH_COOKIE = 'gatehouse_refresh';

/**
 * Set-Cookie for a refresh token: unreadable by scripts, sent to /auth only, and never from another site
 * (RFC 6265bis §4.1.2). `maxAgeSeconds` 0 removes it.
 */
export function refreshCookie(token: string, maxAgeSeconds: number, secure: boolean): string {
  const parts = [
    `${REFRESH_COOKIE}=${token}`,
    'Path=/auth',
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
  ];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

interface CookieRequest {
  readonly method: string;
  readonly headers: { readonly cookie?: string; readonly origin?: string };
}

/**
 * The refresh token of the cookie. Only a POST whose Origin is one of ours may use it, so that another site cannot make
 * a browser spend it.
 */
export function tokenFromCookie(
  { method, headers }: CookieRequest,
  origins: readonly string[],
): string | undefined {
  if (method !== 'POST' || headers.origin === undefined || !origins.includes(headers.origin))
    return undefined;
  for (const pair of headers.cookie?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === REFRESH_COOKIE && value) return value;
  }
  return undefined;
}
