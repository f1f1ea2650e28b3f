import type { RateLimits } from '../consumers/index.js';

/** What a subscription gets. */
export interface Plan {
  /** An administrator decides before it works. */
  readonly approval: boolean;
  /** Requests of the subscription, in the place of those that the API's route gives every credential. */
  readonly limits: RateLimits;
}

export const PLAN_NAMES = ['basic', 'standard', 'premium'] as const;
export type PlanName = (typeof PLAN_NAMES)[number];

export const DEFAULT_PLAN: PlanName = 'basic';

/** Every plan, in one place. */
export const PLANS: Readonly<Record<PlanName, Plan>> = {
  basic: { approval: false, limits: { minute: 60, hour: 1_000 } },
  standard: { approval: true, limits: { minute: 300, hour: 10_000 } },
  premium: { approval: true, limits: { minute: 1_000, hour: 50_000 } },
};
