import { Problem } from '#problem';
import type { Principal } from './principal.js';
import { ConfusedDeputy } from './principal.problems.js';

/** What the resolvers said, each in its turn. */
export interface Findings {
  readonly principals: readonly Principal[];
  readonly failures: readonly unknown[];
}

/**
 * One answer from what all resolvers found: a credential that fails refuses the request even beside a good one, and good
 * ones must name one person.
 *
 * @throws the gravest failure: our own fault, then outage, refusal, unverified; the first among equals
 */
export function verdict({ principals, failures }: Findings): Principal | undefined {
  if (failures.length > 0)
    throw failures.reduce((worst, next) => (gravity(next) > gravity(worst) ? next : worst));
  const [first, ...others] = principals;
  if (others.some(({ id }) => id !== first?.id)) throw ConfusedDeputy();
  return first;
}

/** 503 is graver than 403, 403 than 401; what is no problem is a fault of ours. */
function gravity(failure: unknown): number {
  return failure instanceof Problem ? failure.status : Infinity;
}
