export interface UsersOptions {
  readonly eventsIntervalMs: number;
  /** For the challenge of a 401. */
  readonly realm: string;
}

export const USERS_OPTIONS = Symbol('users options');
