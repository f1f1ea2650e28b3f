import type { Step } from '#kong-admin';

/** What was done to a consumer in Kong, as the audit trail keeps it: subjects, never a secret. */
export function entryOf(action: string, consumerId: string, steps: readonly Step[]) {
  return {
    actor: undefined,
    action,
    target: `consumer:${consumerId}`,
    origin: undefined,
    details: { steps: steps.map(({ operation, subject }) => `${operation} ${subject}`) },
  };
}
