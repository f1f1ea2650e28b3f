import { entityId } from '#config';
import type { SigningKey } from '#keycloak';
import { type Fields, TAG } from './consumer-state.js';

/** A key of the realm by which the gateway verifies tokens. */
export interface RealmKey extends SigningKey {
  readonly firstSeenAt: Date;
  /** When it was found to have left the JWKS; undefined while it is published. */
  readonly retiredAt: Date | undefined;
}

export interface RealmKeyChange {
  readonly kid: string;
  readonly change: 'published' | 'retired' | 'removed';
}

/** The longest life of a token, with a minute for clocks: after that nobody holds one that a retired key has signed. */
export const TOKEN_LIFE_MS = 3_660_000;

/** On the credentials of the realm's keys, besides the tag that says whose they are. */
export const REALM_KEY_TAG = 'realm-key';
/** The topology's consumer to whom they belong: see kong/topology. */
const ISSUER = 'keycloak-issuer';

/**
 * The keys to go by, once the realm publishes these. One that is gone stays for as long as its tokens live: its provider
 * may have been deleted in the course of a rotation. A JWKS does not tell that from a key that was disabled, so whoever
 * knows that says so.
 */
export function realmKeysAfter(
  known: readonly RealmKey[],
  published: readonly SigningKey[],
  now: Date,
  { goneIsDisabled = false }: { goneIsDisabled?: boolean } = {},
): readonly RealmKey[] {
  const before = new Map(known.map((key) => [key.kid, key]));
  const present = new Map(published.map((key) => [key.kid, key]));
  const kept = known
    .filter(({ kid }) => !present.has(kid) && !goneIsDisabled)
    .map((key) => ({ ...key, retiredAt: key.retiredAt ?? now }))
    .filter(({ retiredAt }) => now.getTime() - retiredAt.getTime() < TOKEN_LIFE_MS);
  const live = [...present.values()].map((key) => ({
    ...key,
    firstSeenAt: before.get(key.kid)?.firstSeenAt ?? now,
    retiredAt: undefined,
  }));
  return [...live, ...kept];
}

/** What became of whom; the same keys in another order are no change. */
export function changesBetween(
  before: readonly RealmKey[],
  after: readonly RealmKey[],
): readonly RealmKeyChange[] {
  const known = new Map(before.map((key) => [key.kid, key]));
  const left = new Set(after.map(({ kid }) => kid));
  const changed = after.flatMap(({ kid, publicKey, retiredAt }): RealmKeyChange[] => {
    const earlier = known.get(kid);
    const isRetired = retiredAt !== undefined;
    if (earlier?.publicKey === publicKey && (earlier.retiredAt !== undefined) === isRetired) return [];
    return [{ kid, change: isRetired ? 'retired' : 'published' }];
  });
  const removed = before.filter(({ kid }) => !left.has(kid));
  return [...changed, ...removed.map(({ kid }): RealmKeyChange => ({ kid, change: 'removed' }))];
}

/**
 * The key as a credential for Kong's own jwt plugin, which looks it up by kid. It goes by an id of ours: in a path of the
 * Admin API Kong would take a kid that looks like a UUID for an id.
 */
export function credentialOf({ kid, publicKey }: SigningKey, realm: string): Fields {
  return {
    id: entityId('credential', realm, `jwt:${kid}`),
    key: kid,
    algorithm: 'RS256',
    rsa_public_key: publicKey,
    consumer: { id: entityId('consumer', realm, ISSUER) },
    tags: [TAG, REALM_KEY_TAG],
  };
}
