import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

describe('GET /auth/me', () => {
  const api = useAuthApi('me');

  describe('200', () => {
    it('tells a guest and a member who they are, and each answer by what means', async () => {
      const guest = await api.guest();
      const { headers, body } = await api.me(guest.accessToken);
      expect(body).toEqual({
        id: guest.id,
        subject: guest.id,
        username: guest.username,
        email: null,
        email_verified: false,
        full_name: null,
        guest: true,
        roles: ['guest'],
        auth_method: 'jwt',
      });
      expect(headers.get('x-auth-method')).toBe('jwt');
      expect(headers.get('x-principal-id')).toBe(guest.id);
    });

    it('answers to an API key, as X-API-Key and as bearer, and to both beside a token of the same person', async () => {
      const member = await api.anyone();
      const { key } = await api.key(member);
      for (const call of [{ apiKey: key }, { token: key }]) {
        const { status, headers, body } = await api.get('/auth/me', call);
        expect({ status, id: body.id, method: body.auth_method }).toEqual({
          status: 200,
          id: member.id,
          method: 'apikey',
        });
        expect(headers.get('x-auth-method')).toBe('apikey');
      }
      const both = await api.get('/auth/me', { apiKey: key, token: member.accessToken });
      expect({ status: both.status, id: both.body.id }).toEqual({ status: 200, id: member.id });
    });

    it('shows what an administrator changed in Keycloak within 5 s, whatever the token says', async () => {
      const member = await api.member();
      expect((await api.me(member.accessToken)).body.roles).toEqual(['user']);
      await api.keycloak.grantRole(member.id, 'admin');
      await eventually(
        async () => (await api.me(member.accessToken)).body.roles.includes('admin'),
        'the role is there',
        5000,
      );
      await api.keycloak.revokeRole(member.id, 'admin');
      await eventually(
        async () => !(await api.me(member.accessToken)).body.roles.includes('admin'),
        'the role is gone',
        5000,
      );
    });

    it('is served under /llm/auth too', async () => {
      const { accessToken: token, id } = await api.anyone();
      for (const path of ['/llm/auth/me', '/llm/auth/me?x=1'])
        expect((await api.get(path, { token })).body.id).toBe(id);
    });
  });

  describe('401', () => {
    it('a stranger gets a challenge without an error, as RFC 6750 wants', async () => {
      const { status, headers, body } = await api.get('/auth/me');
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'missing' });
      expect(headers.get('www-authenticate')).toBe('Bearer realm="jan"');
    });

    it.each([
      ['garbage', 'garbage'],
      ['an empty token', ''],
      ['a token of 20 kB', `${'a'.repeat(9000)}`],
    ])('%s is malformed', async (_name, token) => {
      const { status, headers, body } = await api.me(token);
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'malformed' });
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    });

    it.each(['Basic YWRtaW46YWRtaW4=', 'Digest x', 'bearerx'])(
      '%s counts as no credential',
      async (authorization) => {
        expect((await api.get('/auth/me', { headers: { authorization } })).body.reason).toBe('missing');
      },
    );

    it('a refresh token is no access token', async () => {
      const { refreshToken } = await api.guest();
      expect((await api.me(refreshToken)).status).toBe(401);
    });

    it('an access token changed by a letter is refused', async () => {
      const { accessToken } = await api.anyone();
      const [head, payload = '', signature] = accessToken.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
      const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'another' })).toString('base64url');
      expect((await api.me(`${head}.${forged}.${signature}`)).body.reason).toBe('bad-signature');
    });

    it('a token without a signature is refused', async () => {
      const { accessToken } = await api.anyone();
      const head = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
      expect((await api.me(`${head}.${accessToken.split('.')[1]}.`)).status).toBe(401);
    });

    it('a key that fails refuses the request even beside a good token', async () => {
      const { accessToken } = await api.anyone();
      const { status, body } = await api.get('/auth/me', { token: accessToken, apiKey: 'sk_live_x' });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'malformed' });
    });
  });

  describe('400', () => {
    it('two different keys are one too many', async () => {
      const member = await api.anyone();
      const [one, other] = [await api.key(member), await api.key(member)];
      expect((await api.get('/auth/me', { apiKey: one.key, token: other.key })).status).toBe(400);
    });
  });

  describe('403', () => {
    it('a token and a key of two people are a confused deputy, and counted', async () => {
      const [one, other] = [await api.anyone(), await api.member()];
      const { key } = await api.key(other);
      const before = await api.process.metric('service_confused_deputy_attempts_total');
      const { status, body } = await api.get('/auth/me', { token: one.accessToken, apiKey: key });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/principal/confused-deputy',
      });
      expect(await api.process.metric('service_confused_deputy_attempts_total')).toBe(before + 1);
    });
  });
});
