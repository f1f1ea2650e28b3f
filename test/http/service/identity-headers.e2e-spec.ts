import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { eventually, GATEWAY_IDENTITY_KEY } from '../../support/auth-api.js';
import type { TestMember } from '../../support/client.js';
import { endpoints } from '../../support/contract.js';
import { useAuthApi } from '../../support/harness.js';

const PREVIOUS_KEY = randomBytes(32).toString('base64url');

/** One of each family, and the spellings that nginx lets through. */
const SPOOFED = [
  'X-User-ID',
  'x_user_id',
  'X-User-Subject',
  'X-User-Email',
  'X_User-Username',
  'X-Auth-Method',
  'X-Consumer-ID',
  'X-Consumer-Custom-ID',
  'X_Consumer_Username',
  'X-Consumer-Groups',
  'X-Credential-Identifier',
  'X-Anonymous-Consumer',
  'X-Authenticated-Userid',
  'X-Authenticated-Scope',
  'X-Gateway-Auth',
  'X_Gateway_Identity',
  'X-Principal-ID',
];
const ROUTES = [
  ['GET', '/healthz'],
  ['POST', '/auth/guest-login'],
  ['POST', '/auth/validate-api-key'],
  ['GET', '/auth/me'],
  ['POST', '/auth/api-keys'],
  ['GET', '/admin/audit'],
] as const;

const identity = (person: Pick<TestMember, 'id' | 'username'>, claims: Record<string, unknown> = {}) => ({
  sub: person.id,
  preferred_username: person.username,
  guest: false,
  roles: ['user'],
  scope: '',
  azp: 'llm-api',
  amr: ['jwt'],
  ...claims,
});

const sign = (
  claims: Record<string, unknown>,
  key = GATEWAY_IDENTITY_KEY,
  { aud = 'auth-api', seconds = 60 } = {},
) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('gatehouse-gateway')
    .setAudience(aud)
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
    .sign(Buffer.from(key, 'base64url'));

describe('identity headers', () => {
  const api = useAuthApi('identity-headers', { GATEWAY_IDENTITY_KEY_PREVIOUS: PREVIOUS_KEY });
  const unproven = () => api.process.metric('service_unproven_identity_headers_total');
  const proven = (proof: string, headers: Readonly<Record<string, string>> = {}) =>
    api.get('/auth/me', { headers: { 'x-gateway-identity': proof, ...headers } });

  describe.each(ROUTES)('sent straight to %s %s', (method, path) => {
    it.each(SPOOFED)('%s gains nothing: 401, and it is counted', async (name) => {
      const before = await unproven();
      const { status, body } = await api.call(method, path, {
        headers: { [name]: '00000000-0000-4000-8000-000000000000' },
      });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'unproven-identity-headers' });
      expect(await unproven()).toBe(before + 1);
    });
  });

  it('they gain nothing beside a good token either', async () => {
    const { accessToken: token, id } = await api.anyone();
    const { status, body } = await api.get('/auth/me', { token, headers: { 'x-user-id': id } });
    expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'unproven-identity-headers' });
  });

  it('they are seen behind hundreds of other headers', async () => {
    const others = Array.from({ length: 600 }, (_, i) => [`x-h-${i}`, '1'] as const);
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request(`${api.url}/healthz`, {
        headers: Object.fromEntries([...others, ['X-User-ID', 'x']]),
      });
      sent.once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
      sent.once('error', reject);
      sent.end();
    });
    expect(status).toBe(401);
  });

  it('every operation asks: no credential 401, and every open one is known', async () => {
    const open = [
      'login',
      'refreshToken',
      'refreshTokenByGet',
      'logout',
      'guestLogin',
      'register',
      'alive',
      'ready',
      'authHealth',
    ];
    for (const { operationId, method, path } of endpoints().filter(
      (one) => !open.includes(one.operationId),
    )) {
      const { status, headers } = await api.call(
        method,
        path.replaceAll(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000'),
      );
      expect({ operationId, status }).toEqual({ operationId, status: 401 });
      expect(headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    }
  });

  describe('with the proof of the gateway', () => {
    it('its word is believed: the principal is whom it names', async () => {
      const member = await api.anyone();
      const { status, headers, body } = await proven(await sign(identity(member)), {
        'x-user-id': member.id,
        'x-user-subject': member.id,
        'x-user-username': member.username,
        'x-consumer-custom-id': member.id,
        'x-consumer-id': 'some-uuid-of-kong',
        'x-auth-method': 'jwt',
        'x-gateway-auth': 'kong',
        'x-gateway-version': '3.9.3',
      });
      expect({ status, id: body.id, method: body.auth_method }).toEqual({
        status: 200,
        id: member.id,
        method: 'jwt',
      });
      expect(headers.get('x-principal-id')).toBe(member.id);
    });

    it('a key that the gateway judged has the scopes that it says', async () => {
      const member = await api.anyone();
      const as = async (scope: string) =>
        api.get('/auth/api-keys', {
          headers: {
            'x-gateway-identity': await sign(identity(member, { amr: ['apikey'], scope, cid: member.id })),
          },
        });
      expect((await as('keys:read')).status).toBe(200);
      expect((await as('llm')).status).toBe(403);
    });

    it('the previous key proves it too, while it is rotated', async () => {
      expect((await proven(await sign(identity(await api.anyone()), PREVIOUS_KEY))).status).toBe(200);
    });

    it.each([
      ['of another key', 'bad-gateway-identity', { key: randomBytes(32).toString('base64url') }],
      ['for another service', 'bad-gateway-identity', { aud: 'llm-api' }],
      ['that lives longer than a minute', 'bad-gateway-identity', { seconds: 61 }],
      ['that has expired', 'expired-gateway-identity', { seconds: -1 }],
    ])(
      'one %s is refused',
      async (_name, reason, { key, ...times }: { key?: string; aud?: string; seconds?: number }) => {
        const { status, body } = await proven(await sign(identity(await api.anyone()), key, times));
        expect({ status, reason: body.reason }).toEqual({ status: 401, reason });
      },
    );

    it.each([
      ['x-user-id', 'somebody-else'],
      ['x-user-email', 'somebody@example.com'],
      ['x-auth-method', 'apikey'],
      ['x-anonymous-consumer', 'true'],
      ['x-consumer-groups', 'admins'],
    ])('a header that disagrees with it is refused: %s', async (name, value) => {
      const { status, body } = await proven(await sign(identity(await api.anyone())), { [name]: value });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'unproven-identity-headers' });
    });

    it('beside the token of another person it is a confused deputy', async () => {
      const [one, other] = [await api.anyone(), await api.guest()];
      const headers = { 'x-gateway-identity': await sign(identity(one)) };
      const { status, body } = await api.get('/auth/me', { token: other.accessToken, headers });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/principal/confused-deputy',
      });
      expect((await api.get('/auth/me', { token: one.accessToken, headers })).status).toBe(200);
    });

    it('a person disabled in Keycloak is refused within 5 s, though the gateway still vouches for him', async () => {
      const member = await api.member();
      await api.keycloak.setEnabled(member.id, false);
      await eventually(
        async () => (await proven(await sign(identity(member)))).body.reason === 'user-disabled',
        'he is refused',
        5000,
      );
    });

    it('its word about roles is not enough for an administrator: his own token is wanted', async () => {
      const admin = await api.anyAdmin();
      const headers = { 'x-gateway-identity': await sign(identity(admin, { roles: ['admin'] })) };
      const { status, body } = await api.get('/admin/audit', { headers });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'token-required' });
      expect((await api.get('/admin/audit', { headers, token: admin.accessToken })).status).toBe(200);
    });

    it('a person is what Keycloak says he is, whatever roles the gateway names', async () => {
      const member = await api.anyone();
      const { body } = await proven(await sign(identity(member, { roles: ['admin'] })));
      expect(body.roles).toEqual(['user']);
    });
  });
});
