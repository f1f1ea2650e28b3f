import { type Blocked, isEmpty, type Plan, type Step } from './plan.js';

/** `create 3, delete 1 (and 2 with it), unchanged 90`. */
export function summary(plan: Plan): string {
  if (isEmpty(plan)) return `nothing to do, ${plan.unchanged} as they should be`;
  const steps = plan.levels.flatMap((level) => level.steps);
  const count = (operation: Step['operation']) => steps.filter((step) => step.operation === operation).length;
  const parts = (['create', 'update', 'delete'] as const).flatMap((operation) => {
    const falling = operation === 'delete' && plan.falling > 0 ? ` (and ${plan.falling} with them)` : '';
    return count(operation) > 0 ? [`${operation} ${count(operation)}${falling}`] : [];
  });
  const blocked = plan.blocked.length > 0 ? [`blocked ${plan.blocked.length}`] : [];
  return [...parts, ...blocked, `unchanged ${plan.unchanged}`].join(', ');
}

/** The plan for a person, a line for each step in the order in which they are done. */
export function linesOf(plan: Plan): string[] {
  return [
    ...plan.levels.flatMap(({ name, steps }) => [`${name}:`, ...steps.flatMap(stepLines)]),
    ...plan.blocked.map(blockedLine),
    ...(plan.held === undefined ? [] : [`held: ${plan.held}`]),
    summary(plan),
  ];
}

export function blockedLine({ subject, id, why }: Blocked): string {
  return `blocked: ${subject} (${id}): ${why}`;
}

function stepLines({ operation, subject, changes }: Step): string[] {
  const shown = (value: unknown) => JSON.stringify(value);
  return [
    `  ${operation} ${subject}`,
    ...changes.map(({ field, from, to }) => `    ${field}: ${shown(from)} -> ${shown(to)}`),
  ];
}
