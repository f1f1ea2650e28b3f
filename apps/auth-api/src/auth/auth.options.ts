export interface AuthOptions {
  /** Named in the challenge of a refusal. */
  readonly realm: string;
  /** Origins of pages that may use the refresh cookie; the API's own is always among them. */
  readonly cookieOrigins: readonly string[];
  /** Whether cookies are `Secure`: everywhere but on localhost over http. */
  readonly secureCookies: boolean;
  /** Whether the realm can send mail. */
  readonly mail: boolean;
}

export const AUTH_OPTIONS = Symbol('auth options');
