import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { registry } from '#telemetry';
import { PrincipalModule } from './index.js';
import {
  accessToken,
  ANNE,
  BERT,
  gatewayIdentity,
  nowS,
  PREVIOUS,
  realmKey,
  testOptions,
} from './testing/credentials.js';
import { boot, bootWithKeys, countOf, get, TestCheck, TestRealm } from './testing/test-service.js';

const first = realmKey('first');
const realm = new TestRealm();
let gated: INestApplication;
let plain: INestApplication;

const bearer = (changes = {}, key = first) => ({ authorization: `Bearer ${accessToken(key, changes)}` });
const identity = (changes = {}, key?: Buffer) => ({ 'x-gateway-identity': gatewayIdentity(changes, key) });

beforeAll(async () => {
  realm.keys = [first];
  await realm.start();
  const options = testOptions({ jwksUrl: `http://127.0.0.1:${realm.port}/certs` });
  plain = await boot(PrincipalModule.forRoot(options));
  gated = await bootWithKeys(options);
});

afterAll(async () => {
  await Promise.all([plain.close(), gated.close()]);
  await realm.stop();
});

describe('a route', () => {
  it('that says nothing is closed', async () => {
    const answer = await get(plain, '/me');
    expect(answer).toMatchObject({
      status: 401,
      headers: {
        'content-type': 'application/problem+json; charset=utf-8',
        'www-authenticate': 'Bearer realm="jan"',
      },
      body: { type: '/docs/problems/principal/unauthenticated', reason: 'missing' },
    });
    expect(answer.headers).not.toHaveProperty('x-principal-id');
  });

  it('that is public is open, and judges no token: it may be one of another kind', async () => {
    expect(await get(plain, '/open')).toMatchObject({ status: 200 });
    expect(await get(plain, '/open', { authorization: 'Bearer nonsense' })).toMatchObject({ status: 200 });
    expect(await get(plain, '/opened')).toMatchObject({ status: 200 });
    expect(await get(plain, '/open', { 'x-gateway-version': '1' })).toMatchObject({ status: 200 });
  });

  it.each(['/both', '/opened/closed'])('that is public and wants something is closed: %s', async (path) => {
    expect(await get(plain, path)).toMatchObject({ status: 401 });
  });

  it('that is public has no principal to give', async () => {
    expect(await get(plain, '/mistake')).toMatchObject({ status: 500 });
  });
});

describe('an authenticated request', () => {
  it.each([
    ['a token', bearer],
    ['a gateway identity', identity],
    ['a gateway identity by the previous key', () => identity({}, PREVIOUS)],
    ['both', () => ({ ...identity(), ...bearer() })],
  ])('by %s has a frozen principal and says so in its answer', async (_name, headers) => {
    expect(await get(plain, '/me', headers())).toMatchObject({
      status: 200,
      headers: { 'x-auth-method': 'jwt', 'x-principal-id': ANNE },
      body: { kind: 'user', id: ANNE, roles: ['user'], frozen: true },
    });
  });

  it('gets an answer that no cache of others keeps', async () => {
    for (const headers of [bearer(), identity()])
      expect((await get(plain, '/me', headers)).headers).toMatchObject({
        'cache-control': 'private, no-cache',
      });
  });

  it('says so when it is refused for what it wants, too', async () => {
    expect(await get(plain, '/admin', bearer())).toMatchObject({
      status: 403,
      headers: { 'x-auth-method': 'jwt', 'x-principal-id': ANNE },
      body: {
        type: '/docs/problems/principal/forbidden',
        detail: expect.stringContaining('admin or auditor'),
        roles: ['admin', 'auditor'],
      },
    });
  });

  it.each([
    ['token expired', () => bearer({ exp: nowS() - 1 }), 'expired'],
    ['good identity, bad token', () => ({ ...identity(), authorization: 'Bearer x' }), 'malformed'],
    [
      'bad identity, good token',
      () => ({ ...identity({ aud: 'media-api' }), ...bearer() }),
      'bad-gateway-identity',
    ],
    ['good token, key without gateway', () => ({ ...bearer(), 'x-api-key': 'sk_anne' }), 'key-needs-gateway'],
    ['key without gateway', () => ({ authorization: 'Bearer sk_anne' }), 'key-needs-gateway'],
    ['good token, bare header', () => ({ ...bearer(), 'X-User-ID': ANNE }), 'unproven-identity-headers'],
    [
      'good token, bare header with underscores',
      () => ({ ...bearer(), X_USER_ID: ANNE }),
      'unproven-identity-headers',
    ],
    [
      'anonymous by Kong',
      () => ({ 'X-Anonymous-Consumer': 'true', 'X-Consumer-ID': '1' }),
      'unproven-identity-headers',
    ],
  ])('is refused with %s', async (_name, headers, reason) => {
    const answer = await get(plain, '/me', headers());
    expect(answer).toMatchObject({ status: 401, body: { reason } });
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('is refused with a header sent twice that must be there once', async () => {
    const { authorization } = bearer();
    const proof = gatewayIdentity();
    expect(
      await get(plain, '/me', ['host', 'x', 'authorization', authorization, 'Authorization', authorization]),
    ).toMatchObject({
      status: 401,
      body: { reason: 'malformed' },
    });
    expect(
      await get(plain, '/me', ['host', 'x', 'x-gateway-identity', proof, 'X-Gateway-Identity', proof]),
    ).toMatchObject({
      status: 401,
      body: { reason: 'bad-gateway-identity' },
    });
    expect(
      await get(plain, '/me', [
        'host',
        'x',
        'x-gateway-identity',
        proof,
        'x-user-id',
        ANNE,
        'x-user-id',
        ANNE,
      ]),
    ).toMatchObject({ status: 401, body: { reason: 'unproven-identity-headers' } });
  });

  it('passes with a key behind the gateway, which has judged it', async () => {
    const headers = {
      ...identity({ amr: ['apikey'], cid: 'key-1', scope: 'llm:read' }),
      'x-api-key': 'sk_anne',
    };
    expect(await get(plain, '/read', headers)).toMatchObject({
      status: 200,
      headers: { 'x-auth-method': 'apikey' },
    });
    expect(await get(plain, '/write', headers)).toMatchObject({
      status: 403,
      headers: { 'www-authenticate': 'Bearer realm="jan", error="insufficient_scope", scope="llm"' },
    });
  });
});

describe('two people in one request', () => {
  it.each([
    ['identity and token', () => plain, () => ({ ...identity(), ...bearer({ sub: BERT }) })],
    ['token and key', () => gated, () => ({ ...bearer(), 'x-api-key': 'sk_bert' })],
  ])('are refused and counted: %s', async (_name, app, headers) => {
    const before = await countOf('service_confused_deputy_attempts_total');
    expect(await get(app(), '/me', headers())).toMatchObject({
      status: 403,
      body: { type: '/docs/problems/principal/confused-deputy' },
    });
    expect(await countOf('service_confused_deputy_attempts_total')).toBe(before + 1);
  });

  it('pass as one when they are one', async () => {
    expect(await get(gated, '/me', { ...bearer(), 'x-api-key': 'sk_anne' })).toMatchObject({
      status: 200,
      headers: { 'x-auth-method': 'jwt' },
    });
  });
});

describe('a resolver and a check that an app adds', () => {
  it('are asked', async () => {
    expect(await get(gated, '/me', { 'x-api-key': 'sk_anne' })).toMatchObject({
      status: 200,
      headers: { 'x-auth-method': 'apikey' },
      body: { kind: 'application', credentialId: 'key-1' },
    });
  });

  it('decide over whoever was found', async () => {
    gated.get(TestCheck, { strict: false }).disabled = BERT;
    for (const headers of [bearer({ sub: BERT }), identity({ sub: BERT }), { 'x-api-key': 'sk_bert' }])
      expect(await get(gated, '/me', headers)).toMatchObject({
        body: { type: '/docs/problems/test/disabled' },
      });
  });

  it('may say who the person is now', async () => {
    const headers = bearer({ realm_access: { roles: ['former-admin', 'admin'] } });
    expect(await get(gated, '/me', headers)).toMatchObject({ body: { roles: ['user'] } });
    expect(await get(gated, '/admin', headers)).toMatchObject({ status: 403 });
  });
});

describe('a route that wants the token itself', () => {
  const admin = { realm_access: { roles: ['admin'] } };

  it.each([
    ['a token alone', () => bearer(admin), 200, undefined],
    ['token and identity', () => ({ ...bearer(admin), ...identity() }), 200, undefined],
    ['an identity that says admin', () => identity({ roles: ['admin'] }), 401, 'token-required'],
    ['an API key', () => ({ 'x-api-key': 'sk_anne' }), 401, 'token-required'],
    ['identity and expired token', () => ({ ...identity(), ...bearer({ exp: nowS() - 1 }) }), 401, 'expired'],
    [
      'a token that does not say admin',
      () => ({ ...identity({ roles: ['admin'] }), ...bearer() }),
      403,
      undefined,
    ],
  ])('given %s', async (_name, headers, status, reason) => {
    const answer = await get(gated, '/admin', headers());
    expect(answer.status).toBe(status);
    expect(answer.body['reason']).toBe(reason);
  });
});

describe('metrics', () => {
  it('count who was let in, who was not and why, and spoofed headers', async () => {
    const names = [
      'service_auth_success_total',
      'service_auth_failures_total',
      'service_unproven_identity_headers_total',
      'service_auth_latency_ms',
    ];
    const read = () => Promise.all(names.map(countOf));
    const before = await read();
    await get(plain, '/me', bearer());
    await get(plain, '/open', { 'x-user-id': ANNE });
    const after = await read();
    expect(after.map((value, index) => value - (before[index] ?? 0)).slice(0, 3)).toEqual([1, 1, 1]);
    expect(after[3]).toBeGreaterThan(before[3] ?? 0);
    expect(await registry.metrics()).toContain('service_jwks_age_seconds');
  });
});
