export interface RealmKeysOptions {
  readonly realm: string;
  /** Kong's own jwt plugin verifies the tokens: it knows the keys that it is given, and asks nobody. */
  readonly stockPlugin: boolean;
  /** How often the realm is asked for its keys, in milliseconds. */
  readonly intervalMs: number;
}

export const REALM_KEYS_OPTIONS = Symbol('realm keys options');
