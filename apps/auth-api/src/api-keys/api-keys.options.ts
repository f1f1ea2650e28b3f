export interface ApiKeysOptions {
  /** Named in the challenge of a refusal. */
  readonly realm: string;
  readonly prefix: string;
  readonly maxPerUser: number;
  readonly defaultDays: number;
  readonly maxDays: number;
  /** What the gateway may send as bearer token: SHA-256 of the current secret and of the one before. */
  readonly callSecretHashes: readonly Buffer[];
}

export const API_KEYS_OPTIONS = Symbol('api keys options');
