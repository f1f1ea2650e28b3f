import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import { identityKey } from '../../../apps/local-stack/src/secrets.js';
import { entityId } from '#config';
import { GATEWAY_SECRET } from '../../support/auth-api.js';
import { type Edge, type EdgeAnswer, type EdgeRequest, standInOnly, startEdge } from '../../support/edge.js';
import { type BadKey, type Cast, expireKey, makeCast } from '../../support/edge-cast.js';
import { addRealmSigner, type Claims, realmKeys, type RealmSigner } from '../../support/realm-signer.js';
import { testStack } from '../../support/stack.js';

type Plugin = 'keycloak-jwt' | 'jwt';

const PATH = '/v1/models';
const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);

/** Tokens that fail, and the reason that must be given, whichever plugin verifies them. */
const BAD_TOKENS: readonly (readonly [what: string, make: (cast: Cast) => string, reason: string])[] = [
  ['expired', ({ signer, claims }) => signer.sign(claims({ iat: now() - 600, exp: now() - 1 })), 'expired'],
  ['with a bad signature', ({ signer, claims }) => signer.forge(claims()), 'bad-signature'],
  ['changed after it was signed', ({ token, tokenOfBen }) => spliced(token, tokenOfBen), 'bad-signature'],
  [
    'signed by HS256 with the public key as secret',
    ({ signer, claims }) => signer.signWithPublicKey(claims()),
    'wrong-algorithm',
  ],
  ['of algorithm none', ({ claims }) => unsigned({ alg: 'none' }, claims()), 'wrong-algorithm'],
  ['of algorithm NoNe with a kid', ({ signer, claims }) => unsigned({ alg: 'NoNe', kid: signer.kid }, claims()), 'wrong-algorithm'], // prettier-ignore
  ['stripped of its signature', ({ token }) => token.slice(0, token.lastIndexOf('.') + 1), 'bad-signature'],
  ['without exp', ({ signer, claims }) => signer.sign(claims({ exp: undefined })), 'missing-claim'],
  ['without iat', ({ signer, claims }) => signer.sign(claims({ iat: undefined })), 'missing-claim'],
  ['without sub', ({ signer, claims }) => signer.sign(claims({ sub: undefined })), 'missing-claim'],
  ['without aud', ({ signer, claims }) => signer.sign(claims({ aud: undefined })), 'wrong-audience'],
  [
    'for another service',
    ({ signer, claims }) => signer.sign(claims({ aud: ['account'] })),
    'wrong-audience',
  ],
  ['of another issuer', ({ signer, claims }) => signer.sign(claims({ iss: 'http://evil.test/realms/jan' })), 'wrong-issuer'], // prettier-ignore
  ['issued to another client', ({ signer, claims }) => signer.sign(claims({ azp: 'account-console' })), 'wrong-party'], // prettier-ignore
  ['of a kid that the realm does not have', ({ signer, claims }) => signer.forge(claims(), 'no-such-kid'), 'unknown-kid'], // prettier-ignore
  ['without a kid', ({ signer, claims }) => signer.sign(claims(), { kid: undefined }), 'malformed'],
  ['that is an ID token', ({ signer, claims }) => signer.sign(claims({ typ: 'ID' })), 'wrong-type'],
  ['that is a refresh token', ({ ann }) => ann.refreshToken, 'wrong-algorithm'],
  ['that lives longer than an hour', ({ signer, claims }) => signer.sign(claims({ exp: now() + 3 * HOUR })), 'lifetime-too-long'], // prettier-ignore
  ['that is not valid yet', ({ signer, claims }) => signer.sign(claims({ nbf: now() + 300 })), 'not-yet-valid'], // prettier-ignore
  ['that is no token', () => 'not-a-token', 'malformed'],
  ['of three parts that are no JSON', () => 'a.b.c', 'malformed'],
  ['with a fourth part', ({ token }) => `${token}.x`, 'malformed'],
  ['that is empty', () => '', 'malformed'],
];

const BAD_KEYS: readonly (readonly [BadKey, reason: string])[] = [
  ['revoked', 'revoked'],
  ['expired', 'expired'],
  ['unknown', 'unknown-key'],
  ['of a deleted user', 'user-deleted'],
  ['of a disabled user', 'user-disabled'],
  ['malformed', 'malformed'],
  ['mistyped', 'bad-checksum'],
];

type Way = readonly [what: string, request: (cast: Cast) => EdgeRequest];
const header = (...headers: [string, string][]): EdgeRequest => ({ headers });

const AS_TOKEN: readonly Way[] = [
  ['an access token', ({ token }) => ({ token })],
  ['a token after "bearer" in small letters', ({ token }) => header(['authorization', `bearer ${token}`])],
];
const AS_KEY: readonly Way[] = [
  ['a key in X-API-Key', ({ key }) => ({ apiKey: key })],
  ['a key as Bearer', ({ key }) => ({ token: key })],
  ['a key after "bearer" in small letters', ({ key }) => header(['Authorization', `bearer ${key}`])],
  ['a key after "BEARER" in capitals', ({ key }) => header(['Authorization', `BEARER ${key}`])],
  ['the same key both ways', ({ key }) => ({ token: key, apiKey: key })],
  ['a key beside a Basic Authorization', ({ key }) => ({ apiKey: key, ...basic() })],
  ['a key beside an empty Authorization', ({ key }) => ({ apiKey: key, ...header(['Authorization', '']) })],
];
/** What nobody looks at, and what is no credential of ours. */
const NONE: readonly (readonly [what: string, path: (cast: Cast) => string, request: Way[1]])[] = [
  ['nothing', () => PATH, () => ({})],
  ['a Basic Authorization', () => PATH, () => basic()],
  ['a token after another scheme', () => PATH, ({ token }) => header(['Authorization', `Token ${token}`])],
  ['a token without a scheme', () => PATH, ({ token }) => header(['Authorization', token])],
  ['an empty Authorization', () => PATH, () => header(['Authorization', ''])],
  ['an empty X-API-Key', () => PATH, () => header(['X-API-Key', ''])],
  ['a token in the query', ({ token }) => `${PATH}?jwt=${token}&access_token=${token}&token=${token}`, () => ({})], // prettier-ignore
  ['a key in the query', ({ key }) => `${PATH}?X-API-Key=${key}&apikey=${key}&api_key=${key}`, () => ({})],
  [
    'a token in a cookie',
    () => PATH,
    ({ token }) => header(['Cookie', `jwt=${token}; access_token=${token}`]),
  ],
  ['a key in a cookie', () => PATH, ({ key }) => header(['Cookie', `X-API-Key=${key}; apikey=${key}`])],
  ['the apikey header of registered clients', () => PATH, ({ key }) => header(['apikey', key])],
];

function basic(): EdgeRequest {
  return header(['Authorization', `Basic ${Buffer.from('ann:secret').toString('base64')}`]);
}

function unsigned(head: Claims, claims: Claims): string {
  const part = (value: Claims) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(head)}.${part(claims)}.`;
}

/** The claims of the second token under the signature of the first. */
function spliced(first: string, second: string): string {
  const [head, , signature] = first.split('.');
  return `${head}.${second.split('.')[1]}.${signature}`;
}

/** 401 with the reason in body and challenge, and no service was asked. */
function expectRefused(answer: EdgeAnswer, reason: string): void {
  expect(answer).toMatchObject({
    status: 401,
    seen: undefined,
    body: {
      type: '/docs/problems/principal/unauthenticated',
      title: 'Not authenticated',
      status: 401,
      reason,
    },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.headers['www-authenticate']).toBe(
    reason === 'missing'
      ? 'Bearer realm="jan"'
      : `Bearer realm="jan", error="invalid_token", error_description="${answer.body.detail}"`,
  );
}

/** Let in, with Ann's identity and no other in the headers of the service, each once. */
function expectAnn(answer: EdgeAnswer, cast: Cast, method: 'jwt' | 'apikey'): void {
  expect(answer.status).toBe(200);
  const told = (answer.seen?.rawHeaders ?? [])
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => /^x-(user|consumer|gateway|authenticated|auth|credential|anonymous)-/.test(name))
    .filter(([name]) => name !== 'x-gateway-identity' && name !== 'x-gateway-version')
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { id, username } = cast.ann;
  const session = String(cast.claims()['sid']);
  expect(told).toEqual([
    ['x-auth-method', method],
    ['x-consumer-custom-id', id],
    ['x-consumer-id', entityId('consumer', testStack().realm, id)],
    ['x-consumer-username', expect.any(String)],
    ['x-credential-identifier', method === 'jwt' ? session : cast.keyId],
    ['x-gateway-auth', 'kong'],
    ['x-user-id', id],
    ['x-user-subject', id],
    ['x-user-username', expect.any(String)],
  ]);
  if (method === 'apikey') expect(answer.seen?.headers['x-user-username']).toBe(username);
  expect(answer.seen?.headers['x-api-key']).toBeUndefined();
}

/** The promises about credentials, against an edge whose tokens are verified by one plugin or the other. */
function describeCredentials(plugin: Plugin, the: () => { edge: Edge; cast: Cast }): void {
  const send = (request: EdgeRequest, path = PATH) => the().edge.send(path, request);
  const cast = () => the().cast;

  describe('lets in', () => {
    it.each([...AS_TOKEN])('%s', async (_, request) => {
      const answer = await send(request(cast()));
      expectAnn(answer, cast(), 'jwt');
      expect(answer.seen?.headers['authorization']).toMatch(/^bearer /i);
    });

    it.each([...AS_KEY])('%s, which the service never sees', async (_, request) => {
      const answer = await send(request(cast()));
      expectAnn(answer, cast(), 'apikey');
      expect(JSON.stringify(answer.seen)).not.toContain(cast().key);
    });

    it('a token and a key of one person, as the token says', async () => {
      const { token, key } = cast();
      expectAnn(await send({ token, apiKey: key }), cast(), 'jwt');
    });

    it(`a token after "BEARER" in capitals${plugin === 'jwt' ? ': not with the stock plugin, which refuses it' : ''}`, async () => {
      const answer = await send(header(['Authorization', `BEARER ${cast().token}`]));
      if (plugin === 'jwt') expectRefused(answer, 'bad-signature');
      else expectAnn(answer, cast(), 'jwt');
    });
  });

  it.each([
    ['a token of one and a key of the other', ({ token, keyOfBen }: Cast) => ({ token, apiKey: keyOfBen })],
    ['the other way round', ({ tokenOfBen, key }: Cast) => ({ token: tokenOfBen, apiKey: key })],
  ])('two good credentials of two people are a confused deputy: %s', async (_, request) => {
    const answer = await send(request(cast()));
    expect(answer).toMatchObject({
      status: 403,
      seen: undefined,
      body: { type: '/docs/problems/principal/confused-deputy', status: 403, reason: 'confused-deputy' },
    });
  });

  describe('takes for no credential', () => {
    it.each([...NONE])('%s', async (_, path, request) => {
      expectRefused(await send(request(cast()), path(cast())), 'missing');
    });
  });

  describe('refuses a token', () => {
    it.each([...BAD_TOKENS])('%s, alone and beside a good key', async (_, make, reason) => {
      const token = make(cast());
      expectRefused(await send({ token }), reason);
      expectRefused(await send({ token, apiKey: cast().key }), reason);
    });

    it('beside a key that fails as well', async () => {
      const token = cast().signer.forge(cast().claims());
      expectRefused(await send({ token, apiKey: cast().badKeys.revoked }), 'bad-signature');
    });

    it('sent twice', async () => {
      const one = ['Authorization', `Bearer ${cast().token}`] as const;
      const answer = await send({ headers: [one, one] });
      // nginx refuses a repeated Authorization before any plugin sees it.
      if (answer.status !== 400) expectRefused(answer, 'malformed');
      expect(answer.seen).toBeUndefined();
    });
  });

  describe('refuses a key', () => {
    it.each([...BAD_KEYS])('%s: in X-API-Key, as Bearer, and beside a good token', async (what, reason) => {
      const key = cast().badKeys[what];
      expectRefused(await send({ apiKey: key }), reason);
      expectRefused(await send({ token: key }), reason);
      expectRefused(await send({ token: cast().token, apiKey: key }), reason);
    });

    it.each([
      ['X-API-Key and Bearer', ({ key, anotherKey }: Cast) => ({ token: key, apiKey: anotherKey })],
      [
        'two X-API-Key headers',
        ({ key, anotherKey }: Cast) => header(['X-API-Key', key], ['x-api-key', anotherKey]),
      ],
      [
        'two X-API-Key headers beside a token',
        ({ token, key, anotherKey }: Cast) => ({
          token,
          ...header(['X-API-Key', key], ['X-API-Key', anotherKey]),
        }),
      ],
    ])('beside another one of the same person: %s', async (_, request) => {
      expectRefused(await send(request(cast())), 'two-keys');
    });

    it('behind 150 headers that say nothing', async () => {
      const many = Array.from({ length: 150 }, (_, at): [string, string] => [`X-F${at}`, '1']);
      expectRefused(await send({ headers: [...many, ['X-API-Key', cast().badKeys.unknown]] }), 'unknown-key');
    });
  });
}

/** What the services are given to believe. */
function describeProof(the: () => { edge: Edge; cast: Cast }): void {
  const SERVICES = [
    ['llm-api', PATH],
    ['media-api', '/media/files'],
    ['response-api', '/responses/one'],
    ['mcp-tools', '/mcp/tools'],
  ] as const;
  const keyOf = (service: string) => Buffer.from(identityKey(GATEWAY_SECRET, service), 'base64url');
  const open = async (answer: EdgeAnswer, service: string) => {
    const proof = answer.seen?.headers['x-gateway-identity'] ?? '';
    const { payload } = await jwtVerify(proof, keyOf(service), {
      algorithms: ['HS256'],
      issuer: 'gatehouse-gateway',
    });
    return payload;
  };

  it.each(SERVICES)(
    '%s is given a proof for itself, which no other service’s key opens',
    async (service, path) => {
      const answer = await the().edge.send(path, { token: the().cast.token });
      expect((await open(answer, service)).aud).toBe(service);
      for (const [other] of SERVICES.filter(([name]) => name !== service))
        await expect(open(answer, other)).rejects.toThrow('signature verification failed');
    },
  );

  it('a proof says who is calling by token, and for how long', async () => {
    const { cast, edge } = the();
    const identity = await open(await edge.send(PATH, { token: cast.token }), 'llm-api');
    const claims = cast.claims();
    expect(identity).toMatchObject({
      sub: cast.ann.id,
      preferred_username: claims['preferred_username'],
      guest: claims['guest'],
      azp: claims['azp'],
      scope: claims['scope'],
      cid: claims['sid'],
      amr: ['jwt'],
    });
    expect(identity['roles']).toEqual((claims['realm_access'] as { roles: string[] }).roles);
    expect(identity.exp! - identity.iat!).toBeLessThanOrEqual(60);
    expect(identity.exp).toBeLessThanOrEqual(now() + 60);
  });

  it('a proof says who is calling by key, and what the key may', async () => {
    const { cast, edge } = the();
    const identity = await open(await edge.send(PATH, { apiKey: cast.key }), 'llm-api');
    expect(identity).toMatchObject({
      sub: cast.ann.id,
      preferred_username: cast.ann.username,
      guest: false,
      cid: cast.keyId,
      amr: ['apikey'],
    });
    expect(String(identity['scope']).split(' ').toSorted()).toEqual(['llm', 'mcp', 'media', 'responses']);
  });

  it('a proof ends with the token that ends before it', async () => {
    const { cast, edge } = the();
    const exp = now() + 20;
    const token = cast.signer.sign(cast.claims({ exp }));
    expect((await open(await edge.send(PATH, { token }), 'llm-api')).exp).toBe(exp);
  });

  it('a proof ends with the key that ends before it', async () => {
    const { cast, edge } = the();
    const { id, key } = await edge.key(cast.ann);
    await expireKey(edge.api, id, 20);
    const before = now();
    const identity = await open(await edge.send(PATH, { apiKey: key }), 'llm-api');
    expect(identity.exp).toBeLessThanOrEqual(before + 20);
    expect(identity.exp).toBeGreaterThan(before);
  });

  it('a proof is not given again for another credential of the same person', async () => {
    const { cast, edge } = the();
    const first = await open(await edge.send(PATH, { apiKey: cast.key }), 'llm-api');
    const second = await open(await edge.send(PATH, { apiKey: cast.anotherKey }), 'llm-api');
    expect(first['cid']).not.toBe(second['cid']);
  });
}

/** What kong-sync does for the stock plugin: the realm's keys are credentials of one consumer, by kid. */
async function giveRealmKeys(edge: Edge): Promise<void> {
  for (const { kid, pem } of await realmKeys())
    for (const { adminUrl } of edge.nodes) {
      const response = await fetch(`${adminUrl}/consumers/keycloak-issuer/jwt/${kid}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: kid, algorithm: 'RS256', rsa_public_key: pem, tags: ['topology-test'] }),
      });
      if (!response.ok) throw new Error(`put key ${kid}: ${response.status} ${await response.text()}`);
    }
}

async function switchToStockPlugin(edge: Edge): Promise<void> {
  await giveRealmKeys(edge);
  await edge.reload({ KONG_JWT_PLUGIN: 'jwt' });
}

/** A given Kong is left as it was found. */
async function switchBack(edge: Edge): Promise<void> {
  await edge.reload({});
  for (const { adminUrl } of edge.nodes)
    for (const { kid } of await realmKeys())
      await fetch(`${adminUrl}/consumers/keycloak-issuer/jwt/${kid}`, { method: 'DELETE' });
}

describe('credentials at the edge', () => {
  let edge: Edge;
  let cast: Cast;
  let signer: RealmSigner;
  const the = () => ({ edge, cast });

  beforeAll(async () => {
    signer = await addRealmSigner();
    edge = await startEdge('edge-credentials');
    cast = await makeCast(edge, signer);
  });
  afterAll(async () => {
    await edge?.stop();
    await signer?.remove();
  });

  describe('with tokens verified by keycloak-jwt', () => {
    describeCredentials('keycloak-jwt', the);
    describeProof(the);
  });

  describe('with tokens verified by Kong’s own jwt plugin', () => {
    beforeAll(() => switchToStockPlugin(edge));
    afterAll(() => switchBack(edge));
    describeCredentials('jwt', the);
    describeProof(the);
  });
});

standInOnly(
  'credentials at a gateway without a database (a given Kong has its own mode: not run there)',
  () => {
    let edge: Edge;
    let cast: Cast;
    let signer: RealmSigner;
    const the = () => ({ edge, cast });

    beforeAll(async () => {
      signer = await addRealmSigner();
      edge = await startEdge('edge-credentials-dbless', { mode: 'dbless' });
      cast = await makeCast(edge, signer);
    });
    afterAll(async () => {
      await edge?.stop();
      await signer?.remove();
    });

    describeCredentials('keycloak-jwt', the);
    describeProof(the);
  },
);
