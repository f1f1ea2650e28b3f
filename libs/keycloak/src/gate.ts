import { Inject, Injectable } from '@nestjs/common';
import { NetworkError } from '@keycloak/keycloak-admin-client';
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleType,
  timeout,
  TaskCancelledError,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { Counter, Histogram } from 'prom-client';
import { Problem } from '#problem';
import { registry } from '#telemetry';
import { remainingMs } from './deadline.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { KeycloakRefused, KeycloakUnavailable, refusal } from './keycloak.problems.js';

const requests = new Counter({
  name: 'keycloak_requests_total',
  help: 'Requests to Keycloak, by operation and outcome (ok, refused, unavailable).',
  labelNames: ['operation', 'outcome'] as const,
  registers: [registry],
});
const duration = new Histogram({
  name: 'keycloak_request_duration_seconds',
  help: 'Time Keycloak takes to answer.',
  labelNames: ['operation'] as const,
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3],
  registers: [registry],
});

/**
 * Every request to Keycloak passes here: it is counted, bounded in time, and its failure typed.
 * A Keycloak that hangs is asked again only after a second, so that callers get their 503 at once meanwhile.
 */
@Injectable()
export class KeycloakGate {
  private readonly breaker = circuitBreaker(handleType(TaskCancelledError), {
    halfOpenAfter: 1000,
    breaker: new ConsecutiveBreaker(2),
  });

  constructor(@Inject(KEYCLOAK_OPTIONS) private readonly options: KeycloakOptions) {}

  /**
   * @throws {KeycloakRefused} Keycloak answered 4xx
   * @throws {Problem} KeycloakUnavailable: no answer in time, no connection, 5xx, or our own credentials refused
   */
  async pass<T>(operation: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = duration.startTimer({ operation });
    const budgetMs = remainingMs(this.options.timeoutMs);
    const bounded = wrap(this.breaker, timeout(budgetMs, TimeoutStrategy.Aggressive));
    try {
      const answer = await bounded.execute(({ signal }) => work(signal));
      requests.inc({ operation, outcome: 'ok' });
      return answer;
    } catch (error) {
      const typed = classify(operation, error);
      requests.inc({ operation, outcome: typed instanceof KeycloakRefused ? 'refused' : 'unavailable' });
      throw typed;
    } finally {
      stop();
    }
  }
}

function classify(operation: string, error: unknown): Error {
  if (error instanceof KeycloakRefused || error instanceof Problem) return error;
  if (error instanceof NetworkError && error.response.status < 500)
    return refusal(operation, error.response.status, error.responseData);
  const cause = error instanceof BrokenCircuitError ? 'not asked: it hung a moment ago' : error;
  return KeycloakUnavailable(undefined, {
    cause: new Error(`${operation}: no answer from Keycloak`, { cause }),
  });
}
