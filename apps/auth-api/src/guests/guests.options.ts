export interface GuestsOptions {
  /** Days after the end of his session that a guest is kept. */
  readonly ttlDays: number;
  /** Guests one client network may make in a day. */
  readonly dailyLimit: number;
}

export const GUESTS_OPTIONS = Symbol('guests options');
