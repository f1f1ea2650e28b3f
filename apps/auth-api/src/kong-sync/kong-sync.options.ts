export interface KongSyncOptions {
  readonly realm: string;
  /** How often each gateway node is asked whether it has started anew, in milliseconds. */
  readonly nodeWatchIntervalMs: number;
  /** How often Kong as a whole is compared with what should be, in milliseconds. */
  readonly intervalMs: number;
  /** Entity by entity into Kong's database, or the whole configuration to every node. */
  readonly mode: 'db' | 'dbless';
  /** The topology in Kong's declarative format: loaded where it is missing, and part of every whole configuration. */
  readonly topologyFile: string | undefined;
}

export const KONG_SYNC_OPTIONS = Symbol('kong sync options');
