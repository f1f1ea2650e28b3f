import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Secret } from '#config';
import { IdentitySigner, type Principal, PrincipalModule } from './index.js';
import { ANNE, CURRENT, nowS, testOptions } from './testing/credentials.js';
import { boot, get } from './testing/test-service.js';

const key = new Secret(CURRENT.toString('base64url'));
const via = {
  method: 'apikey',
  gateway: true,
  credentialId: 'key-1',
  issuedAt: 0,
  authorizedParty: undefined,
} as const;
const anne: Principal = {
  kind: 'user',
  id: ANNE,
  username: 'anne',
  email: 'anne@example.org',
  emailVerified: true,
  roles: ['user'],
  scopes: ['llm:read'],
  via,
};

describe('an identity that is passed on', () => {
  let called: INestApplication;

  beforeAll(async () => {
    called = await boot(PrincipalModule.forRoot(testOptions()));
  });
  afterAll(() => called.close());

  const ask = async (principal: Principal, path = '/me', signer = new IdentitySigner('llm-api', key)) =>
    get(called, path, { 'x-gateway-identity': await signer.sign(principal) });

  it.each([
    ['a person with a key', anne],
    ['a guest', { ...anne, kind: 'guest' }],
    ['an application', { ...anne, kind: 'application', credentialId: 'key-1' }],
    ['somebody without an e-mail', { ...anne, email: undefined, emailVerified: false }],
  ] as [string, Principal][])(
    'makes %s the same principal in the service that is called',
    async (_name, principal) => {
      const { status, body } = await ask(principal);
      const { via: viaThere, frozen, ...person } = body as { via: object; frozen: boolean };
      const { via: viaHere, ...known } = JSON.parse(JSON.stringify(principal)) as Principal;
      expect({ status, frozen, ...person }).toEqual({ status: 200, frozen: true, ...known });
      expect(viaThere).toMatchObject({
        method: viaHere.method,
        gateway: true,
        credentialId: viaHere.credentialId,
      });
    },
  );

  it('takes the scopes of a key with it, and gives no others', async () => {
    expect(await ask(anne, '/read')).toMatchObject({ status: 200 });
    expect(await ask(anne, '/write')).toMatchObject({ status: 403 });
  });

  it('never outlives the credential that was shown', async () => {
    const ended = { ...anne, via: { ...via, expiresAt: nowS() - 1 } };
    expect(await ask(ended)).toMatchObject({ status: 401, body: { reason: 'expired-gateway-identity' } });
  });

  it('is believed by that service alone', async () => {
    const other = new IdentitySigner('media-api', key);
    expect(await ask(anne, '/me', other)).toMatchObject({
      status: 401,
      body: { reason: 'bad-gateway-identity' },
    });
  });
});
