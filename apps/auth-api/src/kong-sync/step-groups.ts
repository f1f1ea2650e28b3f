import type { KongState, Plan, Step } from '#kong-admin';

/** Everything that a plan does to one consumer, in order. */
export interface StepGroup {
  /** The consumer's id; of anything else its own. */
  readonly owner: string;
  readonly steps: readonly Step[];
}

/**
 * A plan by consumer, so that a change that comes while it is carried out can go first: what is done to one consumer is
 * done by one hand. What takes something away or makes room stands before what is added.
 */
export function groupsOf(plan: Plan, actual: KongState): StepGroup[] {
  const owners = new Map(
    Object.entries(actual).flatMap(([kind, entities]) =>
      (entities ?? []).map((entity) => [`${kind}/${entity.id}`, ownerOf(entity)] as const),
    ),
  );
  const groups = new Map<string, Step[]>();
  for (const step of plan.levels.flatMap(({ steps }) => steps)) {
    const owner = step.written
      ? ownerOf(step.written.reveal().entity)
      : (owners.get(`${step.kind}/${step.id}`) ?? step.id);
    const steps = groups.get(owner);
    if (steps) steps.push(step);
    else groups.set(owner, [step]);
  }
  const all = [...groups].map(([owner, steps]) => ({ owner, steps }));
  const takesAway = ({ steps }: StepGroup) =>
    steps.some(({ operation }) => operation === 'delete' || operation === 'park');
  return [...all.filter(takesAway), ...all.filter((group) => !takesAway(group))];
}

/** Whose it is: the consumer's id; of anything that belongs to none its own. */
export function ownerOf(entity: { readonly id: string }): string {
  return (entity as { readonly consumer?: { readonly id: string } | null }).consumer?.id ?? entity.id;
}
