import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const TIMEOUT_MS = 2000;
const MIN_MODULUS_BITS = 2048;

const JWKS = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

const SIGNING_KEY = z.looseObject({
  kid: z.string(),
  kty: z.literal('RSA'),
  use: z.literal('sig').optional(),
  alg: z.literal('RS256').optional(),
  n: z.string(),
  e: z.string(),
});

export type KeySet = ReadonlyMap<string, KeyObject>;

/** Reads the realm's keys. @throws {Error} no answer in time, not 200, or not a JWKS (RFC 7517 §5) */
export async function fetchJwks(url: string): Promise<KeySet> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  if (!answer.ok) throw new Error(`read ${url}: ${answer.status}`);
  return signingKeys(await answer.json());
}

/**
 * The keys that may sign access tokens, by kid. Others, such as Keycloak's RSA-OAEP key, are left out: what a key is for
 * is said by the realm, never by a token (RFC 8725 §3.1). So are RSA keys under 2048 bits (RFC 7518 §3.3).
 *
 * @throws {Error} it is no JWKS
 */
export function signingKeys(document: unknown): KeySet {
  const keys = new Map<string, KeyObject>();
  for (const entry of JWKS.parse(document).keys) {
    const jwk = SIGNING_KEY.safeParse(entry);
    if (!jwk.success) continue;
    const key = createPublicKey({ key: jwk.data as JsonWebKey, format: 'jwk' });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_MODULUS_BITS) keys.set(jwk.data.kid, key);
  }
  return keys;
}
