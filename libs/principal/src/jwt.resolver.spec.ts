import { describe, expect, it } from '@jest/globals';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { JwtResolver } from './jwt.resolver.js';
import type { Principal } from './principal.js';
import type { Reason } from './principal.problems.js';
import { RealmKeys } from './realm-keys.js';
import {
  accessToken,
  ANNE,
  BERT,
  compact,
  hs256,
  nowS,
  realmKey,
  rs256,
  testOptions,
  tokenClaims,
} from './testing/credentials.js';

const realm = realmKey('realm');
const stranger = realmKey('realm');
const header = { alg: 'RS256', typ: 'JWT', kid: 'realm' };

const keys = new RealmKeys('', undefined, () => Promise.resolve(new Map([['realm', realm.publicKey]])));
const options = testOptions();
const resolver = new JwtResolver(options, new AccessTokenStrategy(options, keys));

const ask = (authorization: string | undefined, before?: Principal, rawHeaders: string[] = []) =>
  resolver.resolve({ headers: { authorization }, raw: { rawHeaders } }, before);
const asJwt = (claims: object): string => accessToken(realm, { ...claims });
const pem = realm.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const tampered = (): string => {
  const [head, , signature] = asJwt({}).split('.');
  return [
    head,
    Buffer.from(JSON.stringify(tokenClaims({ sub: BERT }))).toString('base64url'),
    signature,
  ].join('.');
};

describe('an access token', () => {
  it('tells who is calling', async () => {
    const iat = nowS();
    expect(await ask(`Bearer ${asJwt({ iat })}`)).toEqual({
      kind: 'user',
      id: ANNE,
      username: 'anne',
      email: 'anne@example.org',
      emailVerified: true,
      roles: ['user'],
      scopes: ['llm', 'media', 'responses', 'mcp', 'keys'],
      via: {
        method: 'jwt',
        gateway: false,
        credentialId: 'session-1',
        issuedAt: iat,
        expiresAt: expect.any(Number),
        authorizedParty: 'llm-api',
      },
    });
  });

  it('of a guest has fewer claims', async () => {
    const bare = {
      guest: true,
      azp: 'guest-issuer',
      realm_access: undefined,
      email: undefined,
      sid: undefined,
    };
    expect(await ask(`Bearer ${asJwt({ ...bare, preferred_username: undefined })}`)).toMatchObject({
      kind: 'guest',
      username: ANNE,
      email: undefined,
      roles: [],
      via: { credentialId: 'token-1', authorizedParty: 'guest-issuer' },
    });
  });

  it.each([
    ['no Authorization', undefined],
    ['another scheme', 'Basic YTpi'],
    ['an API key', 'Bearer sk_live_abc'],
  ])('is not there with %s', async (_name, authorization) => {
    expect(await ask(authorization)).toBeUndefined();
  });

  it.each<[string, Reason, () => string]>([
    ['nothing', 'malformed', () => ''],
    ['two parts', 'malformed', () => 'a.b'],
    ['five parts', 'malformed', () => 'a.b.c.d.e'],
    ['no JSON', 'malformed', () => 'abc.def.ghi'],
    ['two tokens', 'malformed', () => `${asJwt({})}, ${asJwt({})}`],
    ['more than 8 kB', 'malformed', () => asJwt({ filler: 'x'.repeat(8192) })],
    ['no kid', 'malformed', () => compact({ alg: 'RS256' }, tokenClaims(), rs256(realm))],
    ['a kid that is no text', 'malformed', () => compact({ ...header, kid: 7 }, tokenClaims(), rs256(realm))],
    [
      'a critical extension',
      'malformed',
      () => compact({ ...header, crit: ['b64'] }, tokenClaims(), rs256(realm)),
    ],
    ['claims that are null', 'malformed', () => compact(header, null, rs256(realm))],
    ['claims that are text', 'wrong-audience', () => compact(header, 'text', rs256(realm))],
    ['an unknown kid', 'unknown-kid', () => accessToken(realmKey('unknown'))],
    ['the kid of another key', 'bad-signature', () => accessToken(stranger)],
    ['other claims than those signed', 'bad-signature', tampered],
    ['no signature', 'bad-signature', () => compact(header, tokenClaims(), () => Buffer.of())],
    [
      'alg none',
      'wrong-algorithm',
      () => compact({ ...header, alg: 'none' }, tokenClaims(), () => Buffer.of()),
    ],
    [
      'HS256 with the public key',
      'wrong-algorithm',
      () => compact({ ...header, alg: 'HS256' }, tokenClaims(), hs256(pem)),
    ],
    [
      'HS256 and an unknown kid',
      'wrong-algorithm',
      () => compact({ alg: 'HS256', kid: 'x' }, tokenClaims(), hs256('x')),
    ],
    ['PS256', 'wrong-algorithm', () => compact({ ...header, alg: 'PS256' }, tokenClaims(), rs256(realm))],
    ['exp now', 'expired', () => asJwt({ exp: nowS() })],
    ['exp long ago', 'expired', () => asJwt({ exp: nowS() - 3600, iat: nowS() - 7200 })],
    ['no exp', 'missing-claim', () => asJwt({ exp: undefined })],
    ['exp as text', 'missing-claim', () => asJwt({ exp: '9999999999' })],
    ['no iat', 'missing-claim', () => asJwt({ iat: undefined })],
    ['no sub', 'missing-claim', () => asJwt({ sub: undefined })],
    ['a sub that fits no header', 'missing-claim', () => asJwt({ sub: 'a\r\nb' })],
    ['no azp', 'missing-claim', () => asJwt({ azp: undefined })],
    ['no typ', 'missing-claim', () => asJwt({ typ: undefined })],
    ['another issuer', 'wrong-issuer', () => asJwt({ iss: 'http://keycloak.test/realms/other' })],
    ['no issuer', 'wrong-issuer', () => asJwt({ iss: undefined })],
    ['another audience', 'wrong-audience', () => asJwt({ aud: 'account' })],
    ['no audience', 'wrong-audience', () => asJwt({ aud: undefined })],
    ['a client that is not accepted', 'wrong-party', () => asJwt({ azp: 'someones-app' })],
    ['the type of an ID token', 'wrong-type', () => asJwt({ typ: 'ID', aud: 'llm-api' })],
    ['the type of a refresh token', 'wrong-type', () => asJwt({ typ: 'Refresh' })],
    [
      "Keycloak's own refresh token",
      'wrong-algorithm',
      () => compact({ alg: 'HS512', kid: 'realm' }, tokenClaims(), hs256('x')),
    ],
    ['two hours to live', 'lifetime-too-long', () => asJwt({ exp: nowS() + 7200 })],
    ['nbf in the future', 'not-yet-valid', () => asJwt({ nbf: nowS() + 70 })],
    ['iat in the future', 'not-yet-valid', () => asJwt({ iat: nowS() + 70 })],
  ])('with %s is refused: %s', async (_name, reason, token) => {
    await expect(ask(`Bearer ${token()}`)).rejects.toMatchObject({ status: 401, extensions: { reason } });
  });

  it.each([
    ['a clock that is 50 s ahead', { iat: nowS() + 50, nbf: nowS() + 50 }],
    ['one hour to live', { iat: nowS(), exp: nowS() + 3600 }],
    ['one audience', { aud: 'llm-api' }],
  ])('with %s is accepted', async (_name, changes) => {
    expect(await ask(`Bearer ${asJwt(changes)}`)).toMatchObject({ id: ANNE });
  });

  it('sent in two Authorization headers is refused', async () => {
    const authorization = `Bearer ${asJwt({})}`;
    await expect(
      ask(authorization, undefined, ['Authorization', authorization, 'authorization', authorization]),
    ).rejects.toMatchObject({ extensions: { reason: 'malformed' } });
  });
});

describe('an access token beside a gateway identity', () => {
  const anne = { kind: 'user', id: ANNE, via: { gateway: true } } as Principal;

  it('must name the same person, and has been verified by the gateway', async () => {
    expect(await ask(`Bearer ${accessToken(stranger)}`, anne)).toBeUndefined();
    await expect(ask(`Bearer ${asJwt({ sub: BERT })}`, anne)).rejects.toMatchObject({
      status: 403,
      type: 'principal/confused-deputy',
    });
  });

  it.each(['nonsense', ''])('must be a token: "%s"', async (token) => {
    await expect(ask(`Bearer ${token}`, anne)).rejects.toMatchObject({ extensions: { reason: 'malformed' } });
  });
});

describe('two apps in one process', () => {
  it('verify with their own keys, though passport is one', async () => {
    const other = new RealmKeys('', undefined, () =>
      Promise.resolve(new Map([['realm', stranger.publicKey]])),
    );
    const second = new JwtResolver(options, new AccessTokenStrategy(options, other));
    const request = { headers: { authorization: `Bearer ${asJwt({})}` }, raw: { rawHeaders: [] } };
    await expect(second.resolve(request, undefined)).rejects.toMatchObject({
      extensions: { reason: 'bad-signature' },
    });
    expect(await resolver.resolve(request, undefined)).toMatchObject({ id: ANNE });
  });
});
