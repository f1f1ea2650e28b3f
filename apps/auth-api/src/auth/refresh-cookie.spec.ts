import { describe, expect, it } from '@jest/globals';
import { REFRESH_COOKIE, refreshCookie, tokenFromCookie } from './refresh-cookie.js';

const ours = ['https://app.example'];
const cookie = `theme=dark; ${REFRESH_COOKIE}=abc.def`;

describe('the refresh cookie', () => {
  it('is unreadable by scripts, bound to /auth and to this site', () => {
    expect(refreshCookie('t', 60, true)).toBe(
      'gatehouse_refresh=t; Path=/auth; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
    );
    expect(refreshCookie('t', 60, false)).not.toContain('Secure');
  });

  it('is used by a POST of our own origin', () => {
    expect(tokenFromCookie({ method: 'POST', headers: { cookie, origin: ours[0] } }, ours)).toBe('abc.def');
  });

  it.each([
    ['another origin', 'POST', 'https://evil.example'],
    ['no origin', 'POST', undefined],
    ['a GET', 'GET', ours[0]],
    ['the null origin', 'POST', 'null'],
  ])('is not used by %s', (_name, method, origin) => {
    expect(tokenFromCookie({ method, headers: { cookie, origin } }, ours)).toBeUndefined();
  });
});
