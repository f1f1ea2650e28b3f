import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useAuthApi } from '../../support/harness.js';

const ORIGIN = 'https://portal.example';

describe('POST /auth/refresh-token', () => {
  const api = useAuthApi('refresh-token', { CORS_ORIGINS: ORIGIN, PUBLIC_URL: 'https://api.example' });
  const refresh = (body: unknown) => api.post('/auth/refresh-token', { body });
  const byCookie = (cookie: string, headers: Readonly<Record<string, string>>) =>
    api.post('/auth/refresh-token', { headers: { cookie, ...headers } });
  /** The cookie of a page that has just signed in. */
  const cookieOf = (headers: Headers) => headers.get('set-cookie')?.split(';')[0] ?? '';
  const newCookie = async () =>
    cookieOf((await api.post('/auth/guest-login', { body: { refresh_cookie: true } })).headers);

  describe('200', () => {
    it('gives new tokens for a refresh token in the body or as bearer', async () => {
      const guest = await api.guest();
      const answers = [
        await refresh({ refresh_token: guest.refreshToken }),
        await api.post('/auth/refresh-token', { token: guest.refreshToken }),
        await api.post('/auth/refresh-token', { token: guest.refreshToken, body: {} }),
      ];
      for (const { status, headers, body } of answers) {
        expect(status).toBe(200);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('set-cookie')).toBeNull();
        expect(decodeJwt(body.access_token)['sub']).toBe(guest.id);
        expect((await api.me(body.access_token)).status).toBe(200);
        expect(typeof body.refresh_token).toBe('string');
      }
    });

    it('the tokens of a person who signed in by password are renewed by the client they are of', async () => {
      const { username, password } = await api.anyone();
      const { body: tokens } = await api.post('/auth/login', { body: { username, password } });
      const { status, body } = await refresh({ refresh_token: tokens.refresh_token });
      expect({ status, azp: decodeJwt(body.access_token)['azp'] }).toEqual({ status: 200, azp: 'llm-api' });
    });

    it('by cookie: the successor goes back into the cookie, never into the body', async () => {
      const { status, headers, body } = await byCookie(await newCookie(), { origin: ORIGIN });
      expect(status).toBe(200);
      expect(body.refresh_token).toBeUndefined();
      expect(typeof body.access_token).toBe('string');
      expect(headers.get('set-cookie')).toMatch(
        /^gatehouse_refresh=[\w.-]+; Path=\/auth; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
      );
      expect((await byCookie(cookieOf(headers), { origin: ORIGIN })).status).toBe(200);
    });

    it("by cookie: the API's own origin may use it too", async () => {
      expect((await byCookie(await newCookie(), { origin: 'https://api.example' })).status).toBe(200);
    });

    it('what is sent on purpose wins over the cookie', async () => {
      const guest = await api.guest();
      const { headers, body } = await api.post('/auth/refresh-token', {
        headers: { cookie: await newCookie(), origin: ORIGIN },
        body: { refresh_token: guest.refreshToken },
      });
      expect(decodeJwt(body.access_token)['sub']).toBe(guest.id);
      expect(headers.get('set-cookie')).toBeNull();
    });
  });

  describe('400', () => {
    it('says where the refresh token may be', async () => {
      for (const body of [undefined, {}]) {
        const { status, body: problem } = await refresh(body);
        expect({ status, errors: problem.errors }).toEqual({
          status: 400,
          errors: [
            { field: 'refresh_token', detail: 'must be in the body, as bearer token, or in the cookie' },
          ],
        });
      }
    });

    it.each([
      ['from another origin', { origin: 'https://evil.example' }],
      ['from no origin', {}],
      ['from the null origin', { origin: 'null' }],
      ['from an origin that begins like ours', { origin: `${ORIGIN}.evil.example` }],
    ])('the cookie is not used by a page %s', async (_name, headers: Record<string, string>) => {
      expect((await byCookie(await newCookie(), headers)).status).toBe(400);
    });

    it.each([null, 5, true, [], {}, ''])('%j is no refresh token', async (value) => {
      const { status, body } = await refresh({ refresh_token: value });
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field: 'refresh_token' });
    });
  });

  describe('401', () => {
    it('a token that is none, an access token, and one changed by a letter are refused alike', async () => {
      const guest = await api.guest();
      const changed =
        guest.refreshToken.slice(0, -5) + (guest.refreshToken.endsWith('AAAAA') ? 'BBBBB' : 'AAAAA');
      for (const token of ['garbage', 'a.b.c', 'bnVsbA.bnVsbA.bnVsbA', guest.accessToken, changed]) {
        const { status, body } = await refresh({ refresh_token: token });
        expect({ status, type: body.type }).toEqual({
          status: 401,
          type: '/docs/problems/auth/refresh-refused',
        });
      }
    });

    it('after logout it is refused', async () => {
      const guest = await api.guest();
      await api.post('/auth/logout', { body: { refresh_token: guest.refreshToken } });
      expect((await refresh({ refresh_token: guest.refreshToken })).status).toBe(401);
    });

    it.each(['disabled', 'deleted'])('a %s person gets no new tokens', async (state) => {
      const guest = await api.guest();
      if (state === 'disabled') await api.keycloak.setEnabled(guest.id, false);
      else await api.keycloak.deleteUser(guest.id);
      expect((await refresh({ refresh_token: guest.refreshToken })).status).toBe(401);
    });
  });
});

describe('POST /auth/refresh-token under the limits of production', () => {
  const api = useAuthApi('refresh-token-limits', { LIMITS_PROFILE: 'production' });

  describe('429', () => {
    it('bounds the calls of one address, in a count of their own', async () => {
      for (const other of ['/auth/login', '/auth/guest-login']) await api.post(other);
      const tries = [];
      for (let i = 0; i < 21; i++)
        tries.push(await api.call('POST', '/auth/refresh-token', { token: 'garbage' }));
      expect(tries.map(({ status }) => status).indexOf(429)).toBe(20);
    });
  });
});
