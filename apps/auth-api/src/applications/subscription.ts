import { PLANS, type PlanName } from './plans.js';

/** How the application shows at the API who it is. */
export const AUTHS = ['key-auth', 'oauth2-client-credentials', 'oauth2-implicit'] as const;
export type Auth = (typeof AUTHS)[number];

/** What is an application itself at the API; in the implicit flow its users are. */
export type MachineAuth = Exclude<Auth, 'oauth2-implicit'>;

export const STATUSES = ['pending', 'approved', 'refused'] as const;
export type SubscriptionStatus = (typeof STATUSES)[number];

/** What an administrator may say. */
export type Decision = Exclude<SubscriptionStatus, 'pending'>;

/** Where each state may go. An administrator may think again; nothing becomes undecided. */
export const TRANSITIONS: Readonly<Record<SubscriptionStatus, readonly Decision[]>> = {
  pending: ['approved', 'refused'],
  approved: ['refused'],
  refused: ['approved'],
};

export function firstStatus(plan: PlanName): SubscriptionStatus {
  return PLANS[plan].approval ? 'pending' : 'approved';
}

/** Whether a decision changes anything; one that was taken before may be repeated. */
export function changes(status: SubscriptionStatus, decision: Decision): boolean {
  return TRANSITIONS[status].includes(decision);
}

/** Whether it is to be a consumer in Kong. */
export function isMachine<S extends { readonly auth: Auth }>(
  subscription: S,
): subscription is S & { readonly auth: MachineAuth } {
  return subscription.auth !== 'oauth2-implicit';
}

/** Whether end users may be registered for it. */
export function takesEndUsers({
  auth,
  status,
}: {
  readonly auth: Auth;
  readonly status: SubscriptionStatus;
}): boolean {
  return auth === 'oauth2-implicit' && status === 'approved';
}
