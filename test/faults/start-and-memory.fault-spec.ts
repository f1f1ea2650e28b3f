import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type RunningPostgres, startPostgres } from '../../apps/local-stack/src/postgres.js';
import { eventually, launchAuthApi, type RunningAuthApi } from '../support/auth-api.js';
import { call, newKey, newMember, validate } from '../support/client.js';

const READY_WITHIN_MS = 3000;
const IDLE_BYTES = 200e6;
/** The best of so many counts: the promise is about auth-api, and the machine may be busy with something else. */
const ATTEMPTS = 5;
const REQUESTS = 200;
const TEST_MS = 120_000;

describe('auth-api', () => {
  let postgres: RunningPostgres;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-start-'));
    chmodSync(folder, 0o755); // started by root, PostgreSQL runs as another user
    postgres = await startPostgres({
      folder: join(folder, 'pg'),
      port: 0,
      password: 'test',
      settings: ['fsync=off'],
    });
  }, TEST_MS);
  afterAll(async () => {
    await postgres?.stop('immediate');
    rmSync(folder, { recursive: true, force: true });
  });

  const launch = (database: string): Promise<RunningAuthApi> =>
    launchAuthApi('start-and-memory', { DATABASE_URL: postgres.url(database), LOG_LEVEL: 'info' });
  const isReady = async ({ url }: RunningAuthApi): Promise<boolean> =>
    (await call(url, 'GET', '/readyz')).status === 200;

  /** Milliseconds from PostgreSQL's first welcome to the first yes of a process that has long waited for it. */
  async function waitingStart(database: string): Promise<number> {
    await postgres.stop('fast');
    const api = await launch(database);
    try {
      // The pause between its attempts has grown to its longest.
      await eventually(() => api.output().includes('"retry_in_ms":1000,'), 'it has long waited');
      const restarting = postgres.restart('fast');
      await eventually(() => welcomes(postgres.url(database)), 'PostgreSQL accepts connections');
      const acceptedAt = performance.now();
      await eventually(() => isReady(api), 'ready');
      const tookMs = performance.now() - acceptedAt;
      await restarting;
      return tookMs;
    } finally {
      await api.stop();
    }
  }

  /** Milliseconds from the command to the first yes, with PostgreSQL up and an empty database. */
  async function freshStart(database: string): Promise<number> {
    await postgres.createDatabase(database);
    const startedAt = performance.now();
    const api = await launch(database);
    try {
      await eventually(() => isReady(api), 'ready');
      return performance.now() - startedAt;
    } finally {
      await api.stop();
    }
  }

  it(
    `is ready within ${READY_WITHIN_MS} ms once PostgreSQL, which it waited for, accepts connections`,
    async () => {
      await postgres.createDatabase('waited_for');
      await expectBest('ready after PostgreSQL came', () => waitingStart('waited_for'));
    },
    TEST_MS,
  );

  it(
    `is ready within ${READY_WITHIN_MS} ms of its own start when PostgreSQL is up, migrations included`,
    async () => {
      await expectBest('ready after its start', (attempt) => freshStart(`fresh_${attempt}`));
    },
    TEST_MS,
  );

  it(
    `rests in less than ${IDLE_BYTES / 1e6} MB`,
    async () => {
      await postgres.createDatabase('idle');
      const api = await launch('idle');
      try {
        await eventually(() => isReady(api), 'ready');
        const idle = await expectToRestSmall(api);
        const member = await newMember(api.url);
        for (let number = 0; number < REQUESTS; number++) {
          const { id, key } = await newKey(api.url, member);
          expect((await validate(api.url, key)).status).toBe(200);
          await call(api.url, 'DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
        }
        // Not promised: Node keeps what it once needed until it needs more.
        const after = await residentBytes(api);
        process.stderr.write(
          `idle: ${inMegabytes(idle)} MB; after ${3 * REQUESTS} requests ${inMegabytes(after)} MB\n`,
        );
      } finally {
        await api.stop();
      }
    },
    TEST_MS,
  );
});

/** Asks again only when an attempt was too slow, and prints what was seen. */
async function expectBest(what: string, measure: (attempt: number) => Promise<number>): Promise<void> {
  const seen: number[] = [];
  while (seen.length < ATTEMPTS && !seen.some((ms) => ms < READY_WITHIN_MS))
    seen.push(await measure(seen.length));
  process.stderr.write(`${what}: ${seen.map((ms) => Math.round(ms)).join(', ')} ms\n`);
  expect(Math.min(...seen)).toBeLessThan(READY_WITHIN_MS);
}

/** What starting needed for a moment may take until the next garbage collection; returns what it rests in. */
async function expectToRestSmall(api: RunningAuthApi): Promise<number> {
  let bytes = Infinity;
  await eventually(async () => (bytes = await residentBytes(api)) < IDLE_BYTES, 'at rest').catch(() =>
    expect(bytes).toBeLessThan(IDLE_BYTES),
  );
  expect(bytes).toBeGreaterThan(0);
  return bytes;
}

function residentBytes(api: RunningAuthApi): Promise<number> {
  return api.metric('process_resident_memory_bytes');
}

function inMegabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

async function welcomes(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } finally {
    await client.end();
  }
}
