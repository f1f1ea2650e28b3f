import { expect } from '@jest/globals';
import { eventually } from './auth-api.js';
import type { Role } from './crash-gate.js';
import type { Answer } from './client.js';
import { crashAtEveryStep, type CrashLane, type Operation } from './crash-lane.js';
import type { Step } from './stepped-proxy.js';

/** Two looks at what was left behind, ten seconds apart, and the next minute's job if the first came too soon. */
const SETTLED_WITHIN_MS = 100_000;
/** What health is asked for, and realm keys, which nothing may wait for. */
const PROBES = /^SELECT 1$|\/certs$|\/realms\/[^/]+$/;
/** What timers begin with. */
const TIMERS = /^BEGIN$|pg_try_advisory|user_events|SET last_used_at|\/(admin-)?events\?/;
/** What changes nothing: to die behind it leaves the same as to die behind the step before. */
const READS = /^(GET |START TRANSACTION|SELECT (?!pg_notify|graphile_worker|pg_advisory))/;

/** All that a request asks, while jobs and timers wait. */
export const inRequest = ({ connection, what }: Step): Role => {
  if (connection === 'changes' || PROBES.test(what)) return 'passes';
  if (connection === 'jobs' || TIMERS.test(what)) return 'waits';
  return READS.test(what) ? 'runs' : 'counts';
};

/** All that the mirror job does once it is locked, and nothing of the request that wants it. */
export const inMirrorJob = ({ to, connection, what }: Step): Role => {
  if (connection === 'changes' || PROBES.test(what)) return 'passes';
  if (TIMERS.test(what)) return 'waits';
  if (READS.test(what)) return 'runs';
  const isOfJob =
    to === 'keycloak' ||
    connection === 'locks' ||
    (connection === 'jobs' && /delete from .*_private_jobs/i.test(what));
  return isOfJob ? 'counts' : 'passes';
};

/** Crashes at every step of the operation, among them the one that decides, and says how many there were. */
export async function crashEverywhere<S>(
  lanes: readonly CrashLane[],
  operation: Operation<S>,
  deciding: RegExp,
): Promise<void> {
  const startedAt = Date.now();
  const { points, missed } = await crashAtEveryStep(lanes, operation);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  process.stderr.write(`${operation.name}: ${points.length} crash points in ${seconds} s\n`);
  if (process.env['SHOW_STEPS']) process.stderr.write(`${points.join('\n')}\n`);
  expect(missed).toEqual([]);
  expect(points).toContainEqual(expect.stringMatching(deciding));
}

/** Waits until a process without proxies finds nothing left to do in each lane's database. */
export async function settle(
  lanes: readonly CrashLane[],
  check: (databaseUrl: string) => Promise<string[]>,
): Promise<void> {
  await Promise.all(
    lanes.map(async (lane) => {
      const api = await lane.start();
      let faults: string[] = [];
      const isSettled = async (): Promise<boolean> => (faults = await check(lane.databaseUrl)).length === 0;
      try {
        await eventually(isSettled, 'settled', SETTLED_WITHIN_MS).catch((error: unknown) => {
          expect(faults).toEqual([]);
          throw error;
        });
      } finally {
        await api.stop();
      }
    }),
  );
}

export function expectAnswer(answer: Answer, ...statuses: number[]): Answer {
  expect(statuses).toContain(answer.status);
  return answer;
}
