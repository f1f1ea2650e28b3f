import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { CoherentCache } from '#storage';
import { eventually } from '../../support/auth-api.js';
import { Forwarder } from '../../support/forwarder.js';
import { createTestDatabase } from '../../support/stack.js';
import { endConnections, gate, startStorage, type StorageProcess } from './storage-process.js';

const MOST = 10;

interface Permit {
  readonly id: string;
  readonly valid: boolean;
}

/** Two processes: one revokes, the other answers from its cache. */
describe('a cached permit', () => {
  let observer: pg.Pool;
  let network: Forwarder;
  let writer: StorageProcess;
  let reader: StorageProcess;
  let cache: CoherentCache<Permit>;
  let reads: number;
  let next = 0;

  beforeAll(async () => {
    const url = await createTestDatabase('coherent_cache');
    observer = new pg.Pool({ connectionString: url, max: 2 });
    await observer.query('CREATE TABLE permits (id text PRIMARY KEY, valid boolean NOT NULL)');
    network = await Forwarder.to(url);
    writer = await startStorage(url);
    reader = await startStorage(url, { feed: network.url(url) });
  });
  beforeEach(async () => {
    reads = 0;
    cache = new reader.module.CoherentCache<Permit>(reader.feed, {
      max: MOST,
      dependsOn: ({ id }) => [{ kind: 'permit', id }],
    });
    await eventually(() => writer.feed.isTrusted && reader.feed.isTrusted, 'both hear each other');
  });
  afterEach(() => network.thaw());
  afterAll(async () => {
    await Promise.all([writer.stop(), reader.stop()]);
    await network.close();
    await observer.end();
  });

  const newPermit = async (): Promise<string> => {
    const id = `permit ${next++}`;
    await observer.query('INSERT INTO permits VALUES ($1, true)', [id]);
    return id;
  };
  const load = async (id: string): Promise<Permit | undefined> => {
    reads++;
    const text = 'SELECT id, valid FROM permits WHERE id = $1';
    return (await reader.database.run<Permit>({ name: 'permit', text }, [id]))[0];
  };
  const isValid = async (id: string) => (await cache.get(id, () => load(id)))?.valid;
  /** Not at once where the machine is so busy that a heartbeat comes late: then nothing is believed for a moment. */
  const areKnown = (ids: readonly string[]) =>
    eventually(async () => {
      reads = 0;
      for (const id of ids) await isValid(id);
      return reads === 0;
    }, 'all are answered from memory');
  const revoke = (id: string) =>
    writer.feed.transaction(async (manager, announce) => {
      await manager.query('UPDATE permits SET valid = false WHERE id = $1', [id]);
      await announce({ kind: 'permit', id });
    });

  it('is answered from memory once it was read', async () => {
    const id = await newPermit();
    expect(await isValid(id)).toBe(true);
    await areKnown([id]);
  });

  it('that is missing is asked for each time, and found as soon as it is there', async () => {
    expect(await isValid('none')).toBeUndefined();
    await observer.query(`INSERT INTO permits VALUES ('none', true)`);
    expect(await isValid('none')).toBe(true);
  });

  it('never says yes to a question asked after its revocation was acknowledged, in 60 races', async () => {
    let acknowledged = false;
    for (let round = 0; round < 60; round++) {
      const id = await newPermit();
      if (round % 2 === 0) await isValid(id);
      acknowledged = false;
      const late: (boolean | undefined)[] = [];
      const asking = Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let isLate = false; !isLate;) {
            await setImmediate(); // what is cached is answered without one
            isLate = acknowledged;
            const answer = await isValid(id);
            if (isLate) late.push(answer);
          }
        }),
      );
      await revoke(id);
      acknowledged = true;
      await asking;
      expect(late).toEqual([false, false, false, false]);
    }
  });

  it('is read again when it was revoked during a slow read, which is not what is kept', async () => {
    const id = await newPermit();
    const { open, opened } = gate();
    const slow = cache.get(id, async () => {
      const permit = await load(id);
      await opened;
      return permit;
    });
    await eventually(() => reads === 1, 'the read has begun');
    await revoke(id);
    open();
    expect((await slow)?.valid).toBe(false);
    expect(await isValid(id)).toBe(false);
  });

  it('is never kept from a read during which the feed was lost', async () => {
    const id = await newPermit();
    const { open, opened } = gate();
    const slow = cache.get(id, async () => {
      const permit = await load(id);
      await opened;
      return permit;
    });
    await eventually(() => reads === 1, 'the read has begun');
    await endConnections(observer, reader.id);
    await eventually(() => !reader.feed.isTrusted, 'the loss is noticed');
    await revoke(id);
    await eventually(() => reader.feed.isTrusted, 'the feed is back');
    open();
    await slow;
    expect(await isValid(id)).toBe(false);
  });

  it('is not believed while the feed is silent, though it was known before', async () => {
    const id = await newPermit();
    await isValid(id);
    network.freeze();
    await revoke(id);
    expect(await isValid(id)).toBe(false);
    await isValid(id);
    expect(reads).toBe(3);
  });

  it('that changes during each read is given up as an outage, and not answered from an old one', async () => {
    const id = await newPermit();
    const asked = cache.get(id, async () => {
      const permit = await load(id);
      await revoke(id);
      return permit;
    });
    await expect(asked).rejects.toMatchObject({ type: 'storage/unavailable' });
    expect(reads).toBe(5);
  });

  it('makes room for others, and a change of one that had to go disturbs nobody', async () => {
    const ids = await Promise.all(Array.from({ length: 3 * MOST }, newPermit));
    for (const id of ids) await isValid(id);
    await revoke(ids[0] ?? '');
    await areKnown(ids.slice(-MOST));
    expect(await isValid(ids[0] ?? '')).toBe(false);
    expect(reads).toBe(1);
  });
});
