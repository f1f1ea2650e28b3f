import { expect } from '@jest/globals';
import { type Answer, call, type Call } from './client.js';

/** What a caller is promised while a part is away: a 503 within this. */
export const OUTAGE_ANSWER_MS = 3000;

export interface TimedAnswer extends Answer {
  readonly ms: number;
}

export async function timedCall(
  base: string,
  method: string,
  path: string,
  what: Call = {},
): Promise<TimedAnswer> {
  const startedAt = performance.now();
  const answer = await call(base, method, path, what);
  return { ...answer, ms: performance.now() - startedAt };
}

/** A problem that says when to come back, in time. */
export function expectOutage(answer: TimedAnswer): void {
  expect({ status: answer.status, type: answer.body?.type }).toEqual({
    status: 503,
    type: expect.stringMatching(/^\/docs\/problems\/(keycloak|storage|principal)\//),
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.ms).toBeLessThan(OUTAGE_ANSWER_MS);
}
