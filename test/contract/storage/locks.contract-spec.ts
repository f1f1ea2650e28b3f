import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../support/auth-api.js';
import { createTestDatabase } from '../../support/stack.js';
import { gate, startStorage, type StorageProcess } from './storage-process.js';

/** Connections that Locks has: see libs/storage/src/locks.ts. */
const CONNECTIONS = 8;
const turn = { what: 'this' };

describe('a lock by name', () => {
  let observer: pg.Pool;
  let one: StorageProcess;
  let other: StorageProcess;

  beforeAll(async () => {
    const url = await createTestDatabase('locks');
    observer = new pg.Pool({ connectionString: url, max: 2 });
    one = await startStorage(url);
    other = await startStorage(url, {}, one.module);
  });
  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await observer.end();
  });

  /** Takes a lock and keeps it until told to let go. */
  const hold = async (process: StorageProcess, name: string) => {
    const { open, opened } = gate();
    const taken = gate();
    const work = process.locks.withLock(name, turn, () => {
      taken.open();
      return opened;
    });
    await Promise.race([taken.opened, work]);
    return async () => {
      open();
      await work;
    };
  };
  const heldLocks = async () => {
    const { rows } = await observer.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows[0]?.n;
  };
  const isBusy = { type: 'storage/busy' };

  it('is held by one at a time over two processes, and everybody gets a turn', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    const asked = Array.from({ length: 60 }, (_, n) =>
      (n % 2 ? one : other).locks.withLock('shared', turn, work),
    );
    await Promise.all(asked);
    expect({ most, inside, held: await heldLocks() }).toEqual({ most: 1, inside: 0, held: 0 });
  });

  it('is let go when its work fails', async () => {
    const failing = one.locks.withLock('failing', turn, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await other.locks.withLock('failing', turn, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('is waited for as long as was said and no longer, and the work is then not done at all', async () => {
    const letGo = await hold(one, 'long');
    let done = false;
    const startedAt = performance.now();
    const late = other.locks.withLock('long', { what: 'this', waitMs: 200 }, async () => {
      done = true;
      return Promise.resolve();
    });
    await expect(late).rejects.toMatchObject(isBusy);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await letGo();
    await other.locks.withLock('long', turn, () => Promise.resolve());
    expect(done).toBe(false);
  });

  it('is free again when the holder has lost its connection, and the holder survives it', async () => {
    const letGo = await hold(one, 'lost');
    await observer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(await other.locks.withLock('lost', turn, () => Promise.resolve('mine'))).toBe('mine');
    await letGo();
    expect(await one.locks.withLock('lost', turn, () => Promise.resolve('again'))).toBe('again');
  });

  it('that sixty wait for takes one connection, so that others get their names meanwhile', async () => {
    const letGo = await hold(other, 'popular');
    const waiting = Array.from({ length: 60 }, () =>
      one.locks.withLock('popular', turn, () => Promise.resolve()),
    );
    const startedAt = performance.now();
    for (let n = 0; n < 20; n++) await one.locks.withLock(`free ${n}`, turn, () => Promise.resolve());
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await letGo();
    await Promise.all(waiting);
  });

  it('is busy, and no later than said, when names that others hold take all connections; timers are not', async () => {
    const names = Array.from({ length: CONNECTIONS }, (_, n) => `held ${n}`);
    const letGo = await Promise.all(names.map((name) => hold(other, name)));
    const blocked = Promise.allSettled(
      names.map((name) => one.locks.withLock(name, { what: 'this', waitMs: 1200 }, () => Promise.resolve())),
    );
    const startedAt = performance.now();
    const last = one.locks.withLock(names[0] ?? '', { what: 'this', waitMs: 1500 }, () => Promise.resolve());
    const ninth = one.locks.withLock('ninth', { what: 'this', waitMs: 500 }, () => Promise.resolve());
    let looked = false;
    await one.locks.ifFree('a timer', () => Promise.resolve(void (looked = true)));
    expect(looked).toBe(true);
    await expect(ninth).rejects.toMatchObject(isBusy);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await expect(last).rejects.toMatchObject(isBusy);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect((await blocked).map(({ status }) => status)).toEqual(names.map(() => 'rejected'));
    await Promise.all(letGo.map((release) => release()));
    expect(await one.locks.withLock('ninth', turn, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('taken only if it is free is not waited for', async () => {
    const letGo = await hold(one, 'cron');
    let done = 0;
    const work = () => Promise.resolve(void done++);
    await other.locks.ifFree('cron', work);
    expect(done).toBe(0);
    await letGo();
    await other.locks.ifFree('cron', work);
    expect(done).toBe(1);
    await expect(other.locks.ifFree('cron', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await eventually(async () => (await heldLocks()) === 0, 'nothing is held');
  });
});
