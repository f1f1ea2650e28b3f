import type { Secret } from '#config';

export interface ConsumersOptions {
  readonly realm: string;
  /** 32 bytes each as base64; the first one seals, all open. */
  readonly credentialKeys: readonly Secret[];
  /** Where clients reach the gateway, without a slash at the end. */
  readonly publicUrl: string;
  /** Registrations a minute from one address. */
  readonly registrationsPerMinute: number;
}

export const CONSUMERS_OPTIONS = Symbol('consumers options');
