import type { QuotaLimits } from './quota.js';

export interface MediaOptions {
  /** Longest file. */
  readonly maxBytes: number;
  readonly quota: QuotaLimits;
  readonly guestQuota: QuotaLimits;
}

export const MEDIA_OPTIONS = Symbol('media options');
