import type { ServiceAddress } from '#service';

export interface ResponsesOptions {
  readonly llmApi: ServiceAddress;
  readonly realm: string;
  /** For so long a response is kept after it, or one that continues it, was made. */
  readonly ttlDays: number;
  /** Of one owner. */
  readonly maxPerOwner: number;
  readonly maxPerGuest: number;
}

export const RESPONSES_OPTIONS = Symbol('responses options');
