import { AsyncLocalStorage } from 'node:async_hooks';

const deadlines = new AsyncLocalStorage<number>();

/** Everything that `work` asks of Keycloak must be answered within `budgetMs` altogether; then it fails as unavailable. */
export function withDeadline<T>(budgetMs: number, work: () => T): T {
  return deadlines.run(performance.now() + budgetMs, work);
}

/** Milliseconds left of the surrounding deadline, at most `capMs`; `capMs` where there is none (jobs). */
export function remainingMs(capMs: number): number {
  const deadline = deadlines.getStore();
  return deadline === undefined ? capMs : Math.max(0, Math.min(capMs, deadline - performance.now()));
}
