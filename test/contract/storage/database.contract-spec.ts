import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Forwarder } from '../../support/forwarder.js';
import { createTestDatabase } from '../../support/stack.js';
import { startStorage, type StorageProcess } from './storage-process.js';

describe('a transaction', () => {
  let observer: pg.Pool;
  let network: Forwarder;
  let process: StorageProcess;

  beforeAll(async () => {
    const url = await createTestDatabase('transactions');
    observer = new pg.Pool({ connectionString: url, max: 2 });
    await observer.query('CREATE TABLE notes (id int PRIMARY KEY)');
    network = await Forwarder.to(url);
    process = await startStorage(url, { requests: network.url(url) });
  });
  beforeEach(() => observer.query('TRUNCATE notes'));
  afterAll(async () => {
    await process.stop();
    await network.close();
    await observer.end();
  });

  const kept = async () =>
    (await observer.query<{ id: number }>('SELECT id FROM notes ORDER BY id')).rows.map(({ id }) => id);

  it('gets its turn, and commits, however many more there are than connections', async () => {
    const ids = Array.from({ length: 100 }, (_, id) => id);
    await Promise.all(
      ids.map((id) =>
        process.feed.transaction(async (manager, announce) => {
          await manager.query('INSERT INTO notes VALUES ($1)', [id]);
          await announce({ kind: 'note', id: String(id) });
        }),
      ),
    );
    expect(await kept()).toEqual(ids);
  });

  it('that fails in its last step has done nothing', async () => {
    const failing = process.database.transaction(async (manager) => {
      await manager.query('INSERT INTO notes VALUES (1), (2)');
      await manager.query('INSERT INTO notes VALUES (2)');
    });
    const error = await failing.catch((cause: unknown) => cause);
    expect(process.module.sqlState(error)).toBe('23505');
    expect(await kept()).toEqual([]);
  });

  it('whose connection is lost is an outage and has done nothing, and the next one is well', async () => {
    const lost = process.database.transaction(async (manager) => {
      await manager.query('INSERT INTO notes VALUES (1)');
      const [own] = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await observer.query('SELECT pg_terminate_backend($1)', [own?.pid]);
      await manager.query('INSERT INTO notes VALUES (2)');
    });
    await expect(lost).rejects.toMatchObject({ type: 'storage/unavailable', status: 503 });
    expect(await kept()).toEqual([]);
    await process.database.transaction((manager) => manager.query('INSERT INTO notes VALUES (3)'));
    expect(await kept()).toEqual([3]);
  });

  it('whose connections hang for ever is an outage, and the next one gets a connection that answers', async () => {
    const insert = (id: number) =>
      process.database.transaction((manager) => manager.query('INSERT INTO notes VALUES ($1)', [id]));
    await insert(1);
    network.strand();
    const stranded = await Promise.allSettled([2, 3, 4, 5].map(insert));
    expect(stranded.some((outcome) => outcome.status === 'rejected')).toBe(true);
    for (const outcome of stranded)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ type: 'storage/unavailable' });
    await insert(6);
    expect(await kept()).toContain(6);
  });
});
