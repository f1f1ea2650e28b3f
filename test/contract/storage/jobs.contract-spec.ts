import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../support/auth-api.js';
import { Forwarder } from '../../support/forwarder.js';
import { createTestDatabase } from '../../support/stack.js';
import { endConnections, gate, startStorage, type StorageProcess } from './storage-process.js';

interface Note {
  readonly text: string;
}

describe('a job', () => {
  let observer: pg.Pool;
  let network: Forwarder;
  let runner: StorageProcess;
  let neighbour: StorageProcess;
  const done: string[] = [];
  /** What happens to a job with this text before it is done. */
  const surprises = new Map<string, () => Promise<void>>();

  beforeAll(async () => {
    const url = await createTestDatabase('jobs');
    observer = new pg.Pool({ connectionString: url, max: 2 });
    network = await Forwarder.to(url);
    neighbour = await startStorage(url);
    runner = await startStorage(url, { jobs: network.url(url) });
    runner.jobs.define<Note>('note', async ({ text }) => {
      await surprises.get(text)?.();
      done.push(text);
    });
    await eventually(() => neighbour.feed.isTrusted, 'the neighbour is known to be alive');
    await leaveBehind('left by the dead', 'worker-of-the-dead', 'gatehouse:dead');
    await leaveBehind('held by the living', 'worker-of-a-neighbour', neighbour.id);
    runner.jobs.onApplicationBootstrap();
    await add('first');
    await isDone('first');
  });
  afterAll(async () => {
    await Promise.all([runner.stop(), neighbour.stop()]);
    await network.close();
    await observer.end();
  });

  const add = (text: string, key = text, afterSeconds = 0) =>
    neighbour.database.transaction((manager) =>
      neighbour.jobs.add(manager, 'note', { text }, { key, afterSeconds }),
    );
  /** Of the runner, not of the neighbour. */
  const working = async () => {
    const { rows } = await observer.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM graphile_worker._private_jobs
       WHERE locked_by IS NOT NULL AND locked_by <> 'worker-of-a-neighbour'`,
    );
    return rows[0]?.n;
  };
  const times = (text: string) => done.filter((one) => one === text).length;
  const isDone = (text: string) => eventually(() => times(text) > 0, `"${text}" is done`);
  /** A job that a worker had taken when its process ended, or that it works on still. */
  const leaveBehind = async (text: string, worker: string, processId: string) => {
    await add(text);
    await observer.query('INSERT INTO job_runners (runner, process_id) VALUES ($1, $2)', [worker, processId]);
    await observer.query(
      `UPDATE graphile_worker._private_jobs SET locked_by = $1, locked_at = now() - interval '6 seconds', attempts = 1
       WHERE payload->>'text' = $2`,
      [worker, text],
    );
  };

  it('of a process that died is taken up again by another', async () => {
    await isDone('left by the dead');
    expect(times('left by the dead')).toBe(1);
  });

  it('of a process that lives is left to it, however long it takes', async () => {
    await add('a later one');
    await isDone('a later one');
    expect(times('held by the living')).toBe(0);
  });

  it('is done when its transaction commits, and never when it does not', async () => {
    const failing = neighbour.database.transaction(async (manager) => {
      await neighbour.jobs.add(manager, 'note', { text: 'undone' }, { key: 'undone' });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await add('after the failure');
    await isDone('after the failure');
    expect(times('undone')).toBe(0);
  });

  it('that waits is replaced by the next one of its key', async () => {
    for (const text of ['old', 'older', 'newest']) await add(text, 'one key', 1);
    await isDone('newest');
    expect([times('old'), times('older'), times('newest')]).toEqual([0, 0, 1]);
  });

  it('that runs is followed by the next one of its key, which is not lost', async () => {
    const { open, opened } = gate();
    const running = gate();
    surprises.set('slow', () => {
      running.open();
      return opened;
    });
    await add('slow', 'busy key');
    await running.opened;
    await add('next', 'busy key');
    open();
    await isDone('next');
    expect(times('slow')).toBe(1);
  });

  it('that waits can be taken back; one that is gone is no matter', async () => {
    await add('needless', 'needless', 1);
    await neighbour.jobs.remove('needless');
    await neighbour.jobs.remove('needless');
    await add('after the needless', 'after the needless', 1);
    await isDone('after the needless');
    expect(times('needless')).toBe(0);
  });

  it('that fails is done again', async () => {
    let failures = 0;
    surprises.set('stubborn', () => (failures++ === 0 ? Promise.reject(new Error('no')) : Promise.resolve()));
    await add('stubborn');
    await isDone('stubborn');
    expect(failures).toBe(2);
  });

  it('is done though PostgreSQL has ended all connections of the runner', async () => {
    await eventually(async () => (await working()) === 0, 'the runner rests');
    expect(await endConnections(observer, 'gatehouse-jobs')).toBeGreaterThan(0);
    await add('after the cut');
    await isDone('after the cut');
  });

  it('is done though the connections of the runner hang for ever', async () => {
    await eventually(async () => (await working()) === 0, 'the runner rests');
    network.strand();
    await add('after the silence');
    await eventually(() => times('after the silence') > 0, 'it is done by new connections', 15_000);
  });
});
