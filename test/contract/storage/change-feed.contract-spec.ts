import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Change } from '#storage';
import { eventually } from '../../support/auth-api.js';
import { Forwarder } from '../../support/forwarder.js';
import { createTestDatabase } from '../../support/stack.js';
import { endConnections, startStorage, type StorageProcess } from './storage-process.js';

/** A process may trust its cache for so long after a heartbeat: see libs/storage/src/change-feed.ts. */
const LEASE_MS = 1000;

describe('a change that one process announces', () => {
  let observer: pg.Pool;
  let network: Forwarder;
  let writer: StorageProcess;
  let reader: StorageProcess;
  const heard: Change[] = [];
  let gaps = 0;

  beforeAll(async () => {
    const url = await createTestDatabase('change_feed');
    observer = new pg.Pool({ connectionString: url, max: 2 });
    network = await Forwarder.to(url);
    writer = await startStorage(url);
    reader = await startStorage(url, { feed: network.url(url) });
    reader.feed.subscribe(
      (change) => heard.push(change),
      () => gaps++,
    );
    await everybodyTrusts();
  });
  afterAll(async () => {
    network.thaw();
    await Promise.all([writer.stop(), reader.stop()]);
    await network.close();
    await observer.end();
  });

  const everybodyTrusts = () =>
    eventually(() => writer.feed.isTrusted && reader.feed.isTrusted, 'both processes hear each other');
  const change = (id: string): Change => ({ kind: 'thing', id });
  const announceOf = (id: string) =>
    writer.feed.transaction((_manager, announce) => announce(change(id)).then(() => id));
  const isHeard = (id: string) => heard.some((one) => one.id === id);

  it('is heard by the others before the announcer goes on', async () => {
    for (let round = 0; round < 50; round++) {
      await announceOf(`round ${round}`);
      expect(isHeard(`round ${round}`)).toBe(true);
    }
  });

  it('is heard once, in the order of the announcements, however many there are at a time', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `batch ${n}`);
    await writer.feed.transaction(async (_manager, announce) => {
      for (const id of ids) await announce(change(id));
    });
    expect(heard.filter(({ id }) => id.startsWith('batch')).map(({ id }) => id)).toEqual(ids);
  });

  it('is not heard when its transaction fails', async () => {
    const failing = writer.feed.transaction(async (_manager, announce) => {
      await announce(change('undone'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await announceOf('after the failure');
    expect(isHeard('undone')).toBe(false);
  });

  it('is waited for until a process that cannot hear it stops trusting its cache', async () => {
    network.freeze();
    const startedAt = performance.now();
    await announceOf('unheard');
    expect({ heard: isHeard('unheard'), trusted: reader.feed.isTrusted }).toEqual({
      heard: false,
      trusted: false,
    });
    expect(performance.now() - startedAt).toBeLessThan(2 * LEASE_MS);
    network.thaw();
    await everybodyTrusts();
    expect(isHeard('unheard')).toBe(true);
  });

  it('is out of the reach of a process that lost its connection, which forgets all and comes back', async () => {
    const before = gaps;
    expect(await endConnections(observer, reader.id)).toBe(1);
    await eventually(() => gaps > before, 'the loss is noticed');
    expect(reader.feed.isTrusted).toBe(false);
    await announceOf('missed');
    await everybodyTrusts();
    expect(isHeard('missed')).toBe(false);
    expect(gaps).toBe(before + 2);
    await announceOf('back again');
    expect(isHeard('back again')).toBe(true);
  });

  it('commits although the announcer itself has lost its connection, and is heard by the others', async () => {
    expect(await endConnections(observer, writer.id)).toBe(1);
    await eventually(() => !writer.feed.isTrusted, 'the loss is noticed');
    await announceOf('from a deaf process');
    expect(isHeard('from a deaf process')).toBe(true);
    await everybodyTrusts();
  });

  it('is not waited for by those who are gone', async () => {
    const heartbeat = JSON.stringify({ processId: 'gatehouse:gone' });
    await observer.query('SELECT pg_notify($1, $2)', ['gatehouse_alive', heartbeat]);
    const startedAt = performance.now();
    await announceOf('without him');
    expect(performance.now() - startedAt).toBeLessThan(2 * LEASE_MS);
  });

  it.each(['no JSON', '"text"', 'null', '[]', '{}', '{"kind":"thing"}'])(
    'makes everybody forget everything when it is not ours: %s',
    async (payload) => {
      const before = gaps;
      await observer.query('SELECT pg_notify($1, $2)', ['gatehouse_changes', payload]);
      await eventually(() => gaps > before, 'everything is forgotten');
      expect(reader.feed.isTrusted).toBe(true);
    },
  );
});

describe('a read that was begun at a mark', () => {
  let process: StorageProcess;
  beforeAll(async () => {
    process = await startStorage(await createTestDatabase('feed_marks'));
    await eventually(() => process.feed.isTrusted, 'it has a lease');
  });
  afterAll(() => process.stop());

  it('is out of date when a change of what it read came meanwhile, and only then', async () => {
    const mark = process.feed.mark();
    const things = [{ kind: 'thing', id: 'a' }];
    expect(process.feed.since(mark, things)).toBe('unchanged');
    await process.feed.transaction((_manager, announce) => announce({ kind: 'thing', id: 'b' }));
    expect(process.feed.since(mark, things)).toBe('unchanged');
    await process.feed.transaction((_manager, announce) => announce({ kind: 'thing', id: 'a' }));
    expect(process.feed.since(mark, things)).toBe('changed');
  });

  it('is out of date when more came meanwhile than is remembered', async () => {
    const mark = process.feed.mark();
    await process.database.transaction((manager) =>
      manager.query(
        `SELECT pg_notify('gatehouse_changes', json_build_object('kind', 'x', 'id', n::text, 'announcement', '')::text)
         FROM generate_series(1, 20100) n`,
      ),
    );
    await process.feed.transaction((_manager, announce) => announce({ kind: 'thing', id: 'last' }));
    expect(process.feed.since(mark, [{ kind: 'thing', id: 'other' }])).toBe('changed');
  });
});
