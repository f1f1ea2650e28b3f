import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useAuthApi } from '../../support/harness.js';

describe('GET /auth/refresh-token', () => {
  const api = useAuthApi('refresh-token-by-get');

  describe('200', () => {
    it('gives new tokens for a refresh token sent as bearer', async () => {
      const guest = await api.guest();
      const { status, headers, body } = await api.get('/auth/refresh-token', { token: guest.refreshToken });
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(decodeJwt(body.access_token)['sub']).toBe(guest.id);
      expect(typeof body.refresh_token).toBe('string');
    });
  });

  describe('400', () => {
    it('never uses the cookie: a page of another site could make a browser send it', async () => {
      const { headers } = await api.post('/auth/guest-login', { body: { refresh_cookie: true } });
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
      const answer = await api.get('/auth/refresh-token', {
        headers: { cookie, origin: 'http://localhost:8080' },
      });
      expect({ status: answer.status, field: answer.body.errors[0].field }).toEqual({
        status: 400,
        field: 'refresh_token',
      });
    });

    it('takes no token from the address, where logs would keep it', async () => {
      const { refreshToken } = await api.guest();
      expect((await api.get(`/auth/refresh-token?refresh_token=${refreshToken}`)).status).toBe(400);
    });
  });

  describe('401', () => {
    it('garbage is refused', async () => {
      expect((await api.get('/auth/refresh-token', { token: 'garbage' })).status).toBe(401);
    });
  });
});

describe('GET /auth/refresh-token under the limits of production', () => {
  const api = useAuthApi('refresh-token-by-get-limits', { LIMITS_PROFILE: 'production' });

  describe('429', () => {
    it('bounds the calls of one address, in a count of their own', async () => {
      for (const other of ['/auth/login', '/auth/guest-login']) await api.post(other);
      const tries = [];
      for (let i = 0; i < 21; i++)
        tries.push(await api.call('GET', '/auth/refresh-token', { token: 'garbage' }));
      expect(tries.map(({ status }) => status).indexOf(429)).toBe(20);
    });
  });
});
