import type { Secret } from '#config';

export interface ConsumersOptions {
  readonly realm: string;
  /** 32 bytes each as base64; the first one seals, all open. */
  readonly credentialKeys: readonly Secret[];
  /** Where clients reach the gateway, without a slash at the end. */
  readonly publicUrl: string;
  /** How long an answer waits for Kong to have what was changed; 0 where there is no Kong. */
  readonly waitForKongMs: number;
}

export const CONSUMERS_OPTIONS = Symbol('consumers options');
