import { webcrypto as crypto } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Secret } from '#config';
import type { Principal } from './principal.js';
import { SESSION_SCOPES } from './scopes.js';
import { SUBJECT } from './access-token.js';

export const ISSUER = 'gatehouse-gateway';
export const LIFETIME_S = 60;
const CLOCK_SKEW_S = 60;
const KEY_BYTES = 32;

const GATEWAY_IDENTITY = z.object({
  sub: SUBJECT,
  /** Whoever Kong's own plugins let in: a registered client or a subscription, not a person. */
  kind: z.literal('application').optional(),
  /** What Kong knows the application by beside its id. */
  custom_id: z.string().nullish(),
  preferred_username: z.string(),
  email: z.string().nullish(),
  email_verified: z.boolean().default(false),
  guest: z.boolean(),
  roles: z.array(z.string()),
  scope: z.string().default(''),
  azp: z.string().nullish(),
  amr: z.tuple([z.enum(['jwt', 'apikey'])]),
  cid: z.string().nullish(),
  iat: z.number(),
  exp: z.number(),
});

/** Claims of the gateway's proof (DESIGN.md, "Proof of the gateway"). */
export type GatewayIdentity = z.output<typeof GATEWAY_IDENTITY>;

type CryptoKey = crypto.CryptoKey;
export type IdentityKeys = readonly CryptoKey[];
export const IDENTITY_KEYS = Symbol('identity keys');

/**
 * Imported once, at start: jose takes a third less time with a CryptoKey than with bytes.
 *
 * @throws {Error} there is no key, or one is not 32 bytes as base64url
 */
export async function importIdentityKeys(secrets: readonly Secret[]): Promise<IdentityKeys> {
  const keys = secrets.map((secret) => Buffer.from(secret.reveal(), 'base64url'));
  if (keys.length === 0 || keys.some(({ length }) => length !== KEY_BYTES))
    throw new Error('identityKeys: at least one key is needed, of 32 bytes as base64url');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return Promise.all(keys.map((key) => crypto.subtle.importKey('raw', key, algorithm, false, ['verify'])));
}

/**
 * Verifies the gateway's proof for this service: HS256 and no other algorithm (RFC 8725 §3.1), by the current key or the
 * one before, a minute at most from issue to expiry.
 *
 * @throws {errors.JWTExpired} it was good once
 * @throws {Error} it is not the gateway's, not for this service, or not of this shape
 */
export async function verifyGatewayIdentity(
  proof: string,
  { keys, service }: { keys: IdentityKeys; service: string },
): Promise<GatewayIdentity> {
  const identity = GATEWAY_IDENTITY.parse(await verifySignature(proof, keys, service));
  if (identity.exp - identity.iat > LIFETIME_S) throw new Error('lives longer than a minute');
  if (identity.iat > Date.now() / 1000 + CLOCK_SKEW_S) throw new Error('issued in the future');
  return identity;
}

async function verifySignature(
  proof: string,
  [key, ...older]: IdentityKeys,
  service: string,
): Promise<JWTPayload> {
  try {
    const options = { algorithms: ['HS256'], issuer: ISSUER, audience: service };
    return (await jwtVerify(proof, key as CryptoKey, options)).payload;
  } catch (error) {
    if (older.length === 0 || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    return verifySignature(proof, older, service);
  }
}

/** A session has all scopes whatever `scope` of its token was; a key those it was given. */
export function principalFromIdentity(identity: GatewayIdentity): Principal {
  const [method] = identity.amr;
  const person = {
    id: identity.sub,
    username: identity.preferred_username,
    email: identity.email ?? undefined,
    emailVerified: identity.email_verified,
    roles: identity.roles,
    scopes: method === 'jwt' ? SESSION_SCOPES : identity.scope.split(' ').filter((scope) => scope !== ''),
    via: {
      method,
      gateway: true,
      credentialId: identity.cid ?? undefined,
      issuedAt: identity.iat,
      expiresAt: identity.exp,
      authorizedParty: identity.azp ?? undefined,
    },
  };
  if (identity.kind === 'application')
    return { ...person, kind: 'application', credentialId: identity.cid ?? identity.sub };
  return { ...person, kind: identity.guest ? 'guest' : 'user' };
}
