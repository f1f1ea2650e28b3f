import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { PrincipalModule } from './index.js';
import { accessToken, ANNE, BERT, gatewayIdentity, realmKey, testOptions } from './testing/credentials.js';
import { boot, bootWithKeys, countOf, get, TestRealm } from './testing/test-service.js';

const key = realmKey('first');
const stranger = realmKey('first');
const realm = new TestRealm();
let service: INestApplication;
let gated: INestApplication;

const bearer = (changes = {}) => ({ authorization: `Bearer ${accessToken(key, changes)}` });

beforeAll(async () => {
  realm.keys = [key];
  await realm.start();
  const options = testOptions({ jwksUrl: `http://127.0.0.1:${realm.port}/certs`, mode: 'log' });
  service = await boot(PrincipalModule.forRoot(options));
  gated = await bootWithKeys(options);
});

afterAll(async () => {
  await Promise.all([service.close(), gated.close()]);
  await realm.stop();
});

describe('with AUTH_MODE=log', () => {
  it('a request without a credential is let through, and counted as refused and as let through', async () => {
    const before = [
      await countOf('service_auth_failures_total'),
      await countOf('service_auth_let_through_total'),
    ];
    expect(await get(service, '/read')).toMatchObject({ status: 200, body: { text: 'read' } });
    const after = [
      await countOf('service_auth_failures_total'),
      await countOf('service_auth_let_through_total'),
    ];
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1]);
  });

  it.each([
    ['a forged token', () => ({ authorization: `Bearer ${accessToken(stranger)}` })],
    ['headers without a proof', () => ({ 'x-user-id': ANNE })],
    [
      'credentials of two people',
      () => ({ ...bearer({ sub: BERT }), 'x-gateway-identity': gatewayIdentity() }),
    ],
  ])('%s: let through, and nobody is known', async (_name, headers) => {
    const answer = await get(service, '/read', headers());
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-principal-id');
  });

  it('a key without the scope is let through as who it is', async () => {
    expect(await get(gated, '/write', { 'x-api-key': 'sk_anne' })).toMatchObject({
      status: 200,
      headers: { 'x-principal-id': ANNE },
    });
  });

  it('where an owner is needed the answer is the one that enforce would give', async () => {
    expect(await get(service, '/me')).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="jan"' },
      body: { reason: 'missing' },
    });
    expect(await get(service, '/me', { 'x-user-id': ANNE })).toMatchObject({
      status: 401,
      body: { reason: 'unproven-identity-headers' },
    });
  });

  it.each([
    ['nobody', () => ({}), 401],
    ['a user', bearer, 403],
  ])('what is for admins stays closed to %s', async (_name, headers, status) => {
    expect(await get(service, '/admin', headers())).toMatchObject({ status });
    expect(await get(service, '/both', headers())).toMatchObject({ status });
  });

  it('a good credential counts as always', async () => {
    expect(await get(service, '/me', bearer())).toMatchObject({
      status: 200,
      body: { id: ANNE, frozen: true },
    });
  });
});
