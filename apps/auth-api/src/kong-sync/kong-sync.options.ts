export interface KongSyncOptions {
  /** How often each gateway node is asked whether it has started anew, in milliseconds. */
  readonly nodeWatchIntervalMs: number;
}

export const KONG_SYNC_OPTIONS = Symbol('kong sync options');
