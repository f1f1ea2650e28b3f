/** How often something may happen. `perMinute` counts per client address, `perDay` too. */
export interface AddressLimit {
  readonly perMinute: number;
  readonly perDay: number;
}

/** Requests a minute of one principal, by how it signed in; each user and each key is counted apart. */
export interface TierLimits {
  readonly guest: number;
  readonly registered: number;
  readonly key: number;
}

/** What a principal may ask for at the edge, by kind of service. */
export type LimitedService = 'account' | 'llm' | 'media' | 'responses' | 'mcp';

/** Every limit of the product, in one place: kong.yaml is generated from it and auth-api reads it. */
export interface Limits {
  /** Sign-in, refresh and sign-out, counted apart from each other. */
  readonly signIn: AddressLimit;
  readonly guestLogin: AddressLimit;
  /** Registrations of machine clients a minute, per address. */
  readonly registrationPerMinute: number;
  /** Reports of leaked keys a minute, per address. */
  readonly reportsPerMinute: number;
  /** API keys that look right and are unknown, a minute and address: each costs a question to auth-api. */
  readonly unknownKeysPerMinute: number;
  /** Requests a minute of a registered client or a subscription, per credential. */
  readonly credentialPerMinute: number;
  /** Requests an hour of one principal, over all services. */
  readonly principalPerHour: number;
  readonly tiers: Readonly<Record<LimitedService, TierLimits>>;
}

export type LimitsProfile = 'development' | 'production';

const MANY = 100_000;
const UNHINDERED: TierLimits = { guest: MANY, registered: MANY, key: MANY };

/** `development` lets tests and benchmarks run from one address; production limits are those of DESIGN.md section 5. */
export const LIMITS: Readonly<Record<LimitsProfile, Limits>> = {
  development: {
    signIn: { perMinute: MANY, perDay: 10_000_000 },
    guestLogin: { perMinute: MANY, perDay: 10_000_000 },
    registrationPerMinute: MANY,
    reportsPerMinute: MANY,
    unknownKeysPerMinute: MANY,
    credentialPerMinute: MANY,
    principalPerHour: 10_000_000,
    tiers: {
      account: UNHINDERED,
      llm: UNHINDERED,
      media: UNHINDERED,
      responses: UNHINDERED,
      mcp: UNHINDERED,
    },
  },
  production: {
    signIn: { perMinute: 20, perDay: 2_000 },
    guestLogin: { perMinute: 20, perDay: 200 },
    registrationPerMinute: 10,
    reportsPerMinute: 60,
    unknownKeysPerMinute: 60,
    credentialPerMinute: 60,
    principalPerHour: 5_000,
    tiers: {
      account: { guest: 60, registered: 120, key: 120 },
      llm: { guest: 30, registered: 100, key: 100 },
      media: { guest: 15, registered: 50, key: 50 },
      responses: { guest: 30, registered: 100, key: 100 },
      mcp: { guest: 60, registered: 200, key: 200 },
    },
  },
};
