import { Counter, Gauge, Histogram } from 'prom-client';
import { Problem } from '#problem';
import { registry } from '#telemetry';
import type { AuthMethod } from './principal.js';
import { ConfusedDeputy } from './principal.problems.js';

const registers = [registry];

export const authLatency = new Histogram({
  name: 'service_auth_latency_ms',
  help: 'Time to find out who is calling, in milliseconds.',
  // 50 is the objective: see docs/guides/observability.md.
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 500, 2500],
  registers,
});
export const jwksAge = new Gauge({
  name: 'service_jwks_age_seconds',
  help: 'Age of the realm keys in use; infinite while none were ever read.',
  registers,
});
const successes = new Counter({
  name: 'service_auth_success_total',
  help: 'Requests let in, by method.',
  labelNames: ['method'] as const,
  registers,
});
const failures = new Counter({
  name: 'service_auth_failures_total',
  help: 'Requests refused, by reason.',
  labelNames: ['reason'] as const,
  registers,
});
const letThrough = new Counter({
  name: 'service_auth_let_through_total',
  help: 'Requests that AUTH_MODE=enforce would have refused, by reason.',
  labelNames: ['reason'] as const,
  registers,
});
const confusedDeputies = new Counter({
  name: 'service_confused_deputy_attempts_total',
  help: 'Requests with good credentials of two different people.',
  registers,
});
const unprovenHeaders = new Counter({
  name: 'service_unproven_identity_headers_total',
  help: 'Requests with identity headers that the gateway did not prove.',
  registers,
});

export function countSuccess(method: AuthMethod): void {
  successes.inc({ method });
}

/** The label is the problem's `reason`, or the name of its type: both are fixed lists, never a client's text. */
export function countFailure(failure: unknown): void {
  const reason = reasonOf(failure);
  failures.inc({ reason });
  if (ConfusedDeputy.is(failure)) confusedDeputies.inc();
  if (reason === 'unproven-identity-headers') unprovenHeaders.inc();
}

/** A failure, counted as such already, that let the request through all the same. */
export function countLetThrough(failure: unknown): void {
  letThrough.inc({ reason: reasonOf(failure) });
}

function reasonOf(failure: unknown): string {
  const problem = failure instanceof Problem ? failure : undefined;
  const { reason = problem?.type.split('/')[1] ?? 'internal' } = problem?.extensions ?? {};
  return String(reason);
}
