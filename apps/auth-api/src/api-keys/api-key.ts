import { refusalOf, type User } from '../users/index.js';

export const DAY_MS = 86_400_000;
/** A key that ends within this is called `expiring`. */
const EXPIRING_MS = 7 * DAY_MS;

export type KeyStatus = 'active' | 'expiring' | 'expired' | 'revoked';

/** Why a key is not good, as callers, the gateway and metrics name it. */
export type KeyRefusal =
  'malformed' | 'bad-checksum' | 'unknown-key' | 'revoked' | 'expired' | 'user-disabled' | 'user-deleted';

export interface KeyLife {
  readonly expiresAt: Date;
  readonly revokedAt: Date | undefined;
}

/** A key and its owner as one read gives them. */
export interface KnownKey extends KeyLife {
  readonly id: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly tier: string | undefined;
  readonly owner: Pick<
    User,
    'username' | 'email' | 'emailVerified' | 'guest' | 'enabled' | 'deleted' | 'roles'
  >;
}

export type Verdict =
  { readonly valid: true; readonly key: KnownKey } | { readonly valid: false; readonly reason: KeyRefusal };

/** The status of a key at `now`; a revoked key stays revoked however old. */
export function statusOf({ expiresAt, revokedAt }: KeyLife, now: Date): KeyStatus {
  if (revokedAt !== undefined) return 'revoked';
  const leftMs = expiresAt.getTime() - now.getTime();
  if (leftMs <= 0) return 'expired';
  return leftMs <= EXPIRING_MS ? 'expiring' : 'active';
}

/** Judges a key that was found, at the moment of use: time passes also for what is cached. */
export function judge(key: KnownKey, now: Date): Verdict {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') return { valid: false, reason: status };
  const refusal = refusalOf(key.owner);
  return refusal === undefined ? { valid: true, key } : { valid: false, reason: refusal };
}
