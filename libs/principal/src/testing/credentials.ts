import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Secret } from '#config';
import type { PrincipalOptions } from '../options.js';

export const ANNE = '7c1c6c4e-0000-4000-8000-00000000000a';
export const BERT = '7c1c6c4e-0000-4000-8000-00000000000b';
export const ISSUER = 'http://keycloak.test/realms/jan';
export const [CURRENT, PREVIOUS] = [Buffer.alloc(32, 'current'), Buffer.alloc(32, 'previous')];

type Json = Readonly<Record<string, unknown>>;

/** A realm key with its kid, as Keycloak would show it. */
export interface RealmKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Json;
}

export function realmKey(kid: string): RealmKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    kid,
    ...pair,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' },
  };
}

export const nowS = (): number => Math.floor(Date.now() / 1000);

/** What Keycloak 26 puts into an access token. */
export function tokenClaims(changes: Json = {}): Json {
  return {
    iss: ISSUER,
    aud: ['llm-api', 'account'],
    azp: 'llm-api',
    sub: ANNE,
    typ: 'Bearer',
    iat: nowS(),
    exp: nowS() + 300,
    sid: 'session-1',
    jti: 'token-1',
    preferred_username: 'anne',
    email: 'anne@example.org',
    email_verified: true,
    realm_access: { roles: ['user'] },
    scope: 'openid profile email',
    ...changes,
  };
}

/** What the gateway signs for `llm-api`. */
export function identityClaims(changes: Json = {}): Json {
  return {
    iss: 'gatehouse-gateway',
    aud: 'llm-api',
    sub: ANNE,
    preferred_username: 'anne',
    email: 'anne@example.org',
    email_verified: true,
    guest: false,
    roles: ['user'],
    scope: 'llm media:read',
    azp: 'llm-api',
    amr: ['jwt'],
    cid: 'session-1',
    iat: nowS(),
    exp: nowS() + 60,
    ...changes,
  };
}

/** Signs anything with anything, so that tests can make what no library would. */
export function compact(header: Json, claims: unknown, signer: (text: string) => Buffer): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${signer(text).toString('base64url')}`;
}

export const rs256 =
  ({ privateKey }: RealmKey) =>
  (text: string): Buffer =>
    sign('sha256', Buffer.from(text), privateKey);

export const hs256 =
  (key: string | Buffer) =>
  (text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();

export function accessToken(key: RealmKey, changes: Json = {}): string {
  return compact({ alg: 'RS256', typ: 'JWT', kid: key.kid }, tokenClaims(changes), rs256(key));
}

export function gatewayIdentity(changes: Json = {}, key: Buffer = CURRENT): string {
  return compact({ alg: 'HS256', typ: 'JWT' }, identityClaims(changes), hs256(key));
}

export function testOptions(changes: Partial<PrincipalOptions> = {}): PrincipalOptions {
  return {
    service: 'llm-api',
    realm: 'jan',
    issuer: ISSUER,
    jwksUrl: 'http://keycloak.test/jwks',
    audience: 'llm-api',
    acceptedParties: ['llm-api', 'guest-issuer'],
    identityKeys: [CURRENT, PREVIOUS].map((key) => new Secret(key.toString('base64url'))),
    ...changes,
  };
}
