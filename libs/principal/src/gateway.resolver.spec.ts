import { describe, expect, it, jest } from '@jest/globals';
import { Secret } from '#config';
import { importIdentityKeys } from './gateway-identity.js';
import { GatewayResolver } from './gateway.resolver.js';
import type { Reason } from './principal.problems.js';
import {
  ANNE,
  BERT,
  compact,
  CURRENT,
  gatewayIdentity,
  identityClaims,
  nowS,
  PREVIOUS,
  testOptions,
} from './testing/credentials.js';

const options = testOptions();
const resolver = new GatewayResolver(options, await importIdentityKeys(options.identityKeys));

const request = (headers: Record<string, string>) => ({ headers, raw: { rawHeaders: [] } });
const ask = (identity: string, headers: Record<string, string> = {}) =>
  resolver.resolve(request({ 'x-gateway-identity': identity, ...headers }));
const refusal = (reason: Reason) => ({ status: 401, extensions: { reason } });

describe('a gateway identity', () => {
  it('tells who is calling; a session has all scopes whatever its token says', async () => {
    const iat = nowS();
    expect(await ask(gatewayIdentity({ iat }))).toEqual({
      kind: 'user',
      id: ANNE,
      username: 'anne',
      email: 'anne@example.org',
      emailVerified: true,
      roles: ['user'],
      scopes: ['llm', 'media', 'responses', 'mcp', 'keys'],
      via: {
        method: 'jwt',
        gateway: true,
        credentialId: 'session-1',
        issuedAt: iat,
        expiresAt: iat + 60,
        authorizedParty: 'llm-api',
      },
    });
  });

  it('of an API key has the scopes of the key', async () => {
    expect(
      await ask(gatewayIdentity({ amr: ['apikey'], cid: 'key-1', azp: null, guest: true })),
    ).toMatchObject({
      kind: 'guest',
      scopes: ['llm', 'media:read'],
      via: { method: 'apikey', credentialId: 'key-1', authorizedParty: undefined },
    });
  });

  describe('of an application that Kong let in', () => {
    const application = (changes = {}) =>
      gatewayIdentity({
        kind: 'application',
        sub: 'c1',
        preferred_username: 'client',
        email: undefined,
        custom_id: 'ops@example.org',
        roles: [],
        scope: 'llm',
        azp: undefined,
        amr: ['apikey'],
        cid: 'cred',
        ...changes,
      });
    const told = {
      'x-consumer-id': 'c1',
      'x-consumer-username': 'client',
      'x-consumer-custom-id': 'ops@example.org',
      'x-credential-identifier': 'cred',
      'x-gateway-auth': 'kong',
      'x-gateway-version': '1',
    };

    it('tells which one, with the scopes of its API alone', async () => {
      expect(await ask(application(), told)).toMatchObject({
        kind: 'application',
        id: 'c1',
        credentialId: 'cred',
        username: 'client',
        roles: [],
        scopes: ['llm'],
        via: { method: 'apikey', gateway: true },
      });
    });

    it.each([
      ['another custom id', { 'x-consumer-custom-id': 'root@example.org' }, {}],
      ['a custom id that it does not say', {}, { custom_id: undefined }],
      ['another credential', { 'x-credential-identifier': 'other' }, {}],
      ['its id as that of a person', { 'x-user-id': 'c1' }, {}],
      ['a group', { 'x-consumer-groups': 'admin' }, {}],
    ])('is refused beside %s', async (_name, headers, changes) => {
      const answer = ask(application(changes), { ...told, ...headers });
      await expect(answer).rejects.toMatchObject(refusal('unproven-identity-headers'));
    });

    it('is refused as a kind that nobody knows', async () => {
      await expect(ask(application({ kind: 'robot' }))).rejects.toMatchObject(
        refusal('bad-gateway-identity'),
      );
    });
  });

  it('by the previous key is accepted', async () => {
    expect(await ask(gatewayIdentity({}, PREVIOUS))).toMatchObject({ id: ANNE });
  });

  it.each<[string, string]>([
    ['another key', gatewayIdentity({}, Buffer.alloc(32, 'forged'))],
    ['no signature', compact({ alg: 'none' }, identityClaims(), () => Buffer.of())],
    ['another algorithm', compact({ alg: 'HS512' }, identityClaims(), () => Buffer.alloc(64))],
    ['another service', gatewayIdentity({ aud: 'media-api' })],
    ['no service', gatewayIdentity({ aud: undefined })],
    ['another issuer', gatewayIdentity({ iss: 'someone' })],
    ['more than a minute to live', gatewayIdentity({ exp: nowS() + 61 })],
    ['no end', gatewayIdentity({ exp: undefined })],
    ['a beginning in the future', gatewayIdentity({ iat: nowS() + 70, exp: nowS() + 120 })],
    ['no beginning', gatewayIdentity({ iat: undefined })],
    ['no sub', gatewayIdentity({ sub: undefined })],
    ['another method', gatewayIdentity({ amr: ['password'] })],
    ['two methods', gatewayIdentity({ amr: ['jwt', 'apikey'] })],
    ['roles that are no list', gatewayIdentity({ roles: 'admin' })],
    ['no shape at all', 'nonsense'],
    ['nothing', ''],
    ['two of them', `${gatewayIdentity()}, ${gatewayIdentity()}`],
  ])('with %s is refused', async (_name, identity) => {
    await expect(ask(identity)).rejects.toMatchObject(refusal('bad-gateway-identity'));
  });

  it('that has expired says so', async () => {
    const old = gatewayIdentity({ iat: nowS() - 61, exp: nowS() - 1 });
    await expect(ask(old)).rejects.toMatchObject(refusal('expired-gateway-identity'));
  });

  it('goes with the headers that the gateway sets beside it, and with no other', async () => {
    const set = {
      'x-user-id': ANNE,
      'x-user-subject': ANNE,
      'x-user-email': 'anne@example.org',
      'x-user-username': 'anne',
      'x-auth-method': 'jwt',
      'x-consumer-custom-id': ANNE,
      'x-consumer-username': 'tier-registered',
      'x-consumer-id': 'b1',
      'x-credential-identifier': 'session-1',
      'x-gateway-auth': 'kong',
      'x-gateway-version': '1.0.0',
    };
    expect(await ask(gatewayIdentity(), set)).toMatchObject({ id: ANNE });
    const foreign: Record<string, string>[] = [
      { x_user_id: BERT },
      { 'x-user-id': BERT },
      { 'x-anonymous-consumer': 'true' },
    ];
    for (const more of foreign)
      await expect(ask(gatewayIdentity(), { ...set, ...more })).rejects.toMatchObject(
        refusal('unproven-identity-headers'),
      );
  });

  it('needs a key of 32 bytes to be judged', async () => {
    for (const keys of [[], [new Secret(CURRENT.subarray(1).toString('base64url'))]])
      await expect(importIdentityKeys(keys)).rejects.toThrow('identityKeys');
  });

  it('that was good a moment ago still ends in time', async () => {
    const short = gatewayIdentity({ exp: nowS() + 30 });
    expect(await ask(short)).toMatchObject({ id: ANNE });
    jest.useFakeTimers({ now: Date.now() + 31_000 });
    try {
      await expect(ask(short)).rejects.toMatchObject(refusal('expired-gateway-identity'));
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('identity headers without a gateway identity', () => {
  it.each([
    'x-user-id',
    'x_user_id',
    'x-consumer-id',
    'x-gateway-auth',
    'x-anonymous-consumer',
    'x_gateway_identity',
  ])('%s is refused, on public routes too', async (name) => {
    const bare = request({ [name]: 'true' });
    await expect(resolver.resolve(bare)).rejects.toMatchObject(refusal('unproven-identity-headers'));
    await expect(resolver.refuseClaims(bare)).rejects.toMatchObject(refusal('unproven-identity-headers'));
  });

  it('x-gateway-version is refused, but not on public routes', async () => {
    const bare = request({ 'x-gateway-version': '1.0.0' });
    await expect(resolver.resolve(bare)).rejects.toMatchObject(refusal('unproven-identity-headers'));
    await resolver.refuseClaims(bare);
  });

  it('are not there in an ordinary request', async () => {
    expect(
      await resolver.resolve(request({ host: 'x', 'x-request-id': '1', 'x-api-key': 'k' })),
    ).toBeUndefined();
  });
});
