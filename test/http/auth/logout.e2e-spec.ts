import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';

const ORIGIN = 'https://portal.example';

describe('POST /auth/logout', () => {
  const api = useAuthApi('logout', { CORS_ORIGINS: ORIGIN });
  const logout = (token: string) => api.post('/auth/logout', { body: { refresh_token: token } });
  const refresh = (token: string) => api.post('/auth/refresh-token', { body: { refresh_token: token } });

  describe('204', () => {
    it('ends the session: no new tokens from then on', async () => {
      const guest = await api.guest();
      expect((await logout(guest.refreshToken)).status).toBe(204);
      expect((await refresh(guest.refreshToken)).status).toBe(401);
    });

    it('says the same when repeated, and for what never was a token', async () => {
      const { refreshToken, accessToken } = await api.guest();
      for (const token of [refreshToken, refreshToken, 'garbage', 'a.b.c', accessToken])
        expect((await logout(token)).status).toBe(204);
    });

    it('takes the token as bearer', async () => {
      const { refreshToken } = await api.guest();
      expect((await api.post('/auth/logout', { token: refreshToken })).status).toBe(204);
      expect((await refresh(refreshToken)).status).toBe(401);
    });

    it('ends this session and no other of the person', async () => {
      const { username, password } = await api.anyone();
      const login = async () =>
        (await api.post('/auth/login', { body: { username, password } })).body.refresh_token as string;
      const [here, there] = [await login(), await login()];
      await logout(here);
      expect((await refresh(here)).status).toBe(401);
      expect((await refresh(there)).status).toBe(200);
    });

    it('by cookie it takes the cookie away', async () => {
      const { headers } = await api.post('/auth/guest-login', { body: { refresh_cookie: true } });
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
      const answer = await api.post('/auth/logout', { headers: { cookie, origin: ORIGIN } });
      expect(answer.status).toBe(204);
      expect(answer.headers.get('set-cookie')).toMatch(
        /^gatehouse_refresh=; Path=\/auth; Max-Age=0; HttpOnly/,
      );
      expect((await refresh(cookie.split('=')[1] ?? '')).status).toBe(401);
    });
  });

  describe('400', () => {
    it('says where the refresh token may be', async () => {
      const { status, body } = await api.post('/auth/logout');
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field: 'refresh_token' });
    });

    it('a page of another site signs nobody out', async () => {
      const { headers } = await api.post('/auth/guest-login', { body: { refresh_cookie: true } });
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
      const answer = await api.post('/auth/logout', { headers: { cookie, origin: 'https://evil.example' } });
      expect(answer.status).toBe(400);
      expect((await refresh(cookie.split('=')[1] ?? '')).status).toBe(200);
    });
  });
});

describe('POST /auth/logout under the limits of production', () => {
  const api = useAuthApi('logout-limits', { LIMITS_PROFILE: 'production' });

  describe('429', () => {
    it('bounds the calls of one address, in a count of their own', async () => {
      for (const other of ['/auth/login', '/auth/guest-login']) await api.post(other);
      const tries = [];
      for (let i = 0; i < 21; i++) tries.push(await api.call('POST', '/auth/logout', { token: 'garbage' }));
      expect(tries.map(({ status }) => status).indexOf(429)).toBe(20);
    });
  });
});
