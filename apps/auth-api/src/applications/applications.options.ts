export interface ApplicationsOptions {
  readonly realm: string;
  /** Where clients reach the gateway, without a slash at the end. */
  readonly publicUrl: string;
  readonly maxPerUser: number;
}

export const APPLICATIONS_OPTIONS = Symbol('applications options');
