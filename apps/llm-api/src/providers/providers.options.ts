import type { ProviderAddress } from './address.js';

export interface ProviderTimeouts {
  readonly connectMs: number;
  /** From the connection to the head of the answer. */
  readonly firstByteMs: number;
  /** Silence within the answer. */
  readonly idleMs: number;
}

export interface ProvidersOptions {
  /** None: the built-in echo answers. */
  readonly addresses: readonly ProviderAddress[];
  readonly timeouts: ProviderTimeouts;
}

export const PROVIDERS_OPTIONS = Symbol('providers options');
