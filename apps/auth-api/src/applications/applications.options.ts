export interface ApplicationsOptions {
  readonly realm: string;
  /** Where clients reach the gateway, without a slash at the end. */
  readonly publicUrl: string;
  readonly maxPerUser: number;
  /** How long an answer waits for Kong to have what was changed; 0 where there is no Kong. */
  readonly waitForKongMs: number;
}

export const APPLICATIONS_OPTIONS = Symbol('applications options');
