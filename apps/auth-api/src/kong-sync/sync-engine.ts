import type { Plan } from '#kong-admin';

export interface ReconcileOptions {
  /** Delete even if that is much of what is ours. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

export interface Reconciled {
  readonly plan: Plan;
  /** How much differed although nothing waited to be done. */
  readonly drift: number;
  /** What could not be done, a line each. */
  readonly failed: readonly string[];
}

/** One of the two ways to make Kong what it should be. Only the holder of the lock `kong-sync` calls what writes. */
export interface SyncEngine {
  /** The difference, and nothing written. @throws {KongRefused} {KongUnreachable} */
  plan(force: boolean): Promise<Plan>;
  /** Does what has been changed here and is waiting, removals first. @throws {KongUnreachable} the rest waits on */
  applyPending(signal: AbortSignal): Promise<void>;
  /** Compares Kong as a whole and makes it so. @throws {KongRefused} {KongUnreachable} */
  reconcile(options: ReconcileOptions): Promise<Reconciled>;
}

/** Which engine works, by KONG_MODE. */
export const SYNC_ENGINE = Symbol('sync engine');
