import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topology, topologyOptions, toYaml } from '../../kong/topology/index.js';
import { AdminProxy, type Fault } from '../support/admin-proxy.js';
import { eventually, launchAuthApi, type RunningAuthApi, startAuthApi } from '../support/auth-api.js';
import { Desired, inventedKey, type Wish } from '../support/desired.js';
import { givenNodes } from '../support/edge.js';
import { KongProjection } from '../support/kong-projection.js';
import { createTestDatabase } from '../support/stack.js';
import { StandIn } from '../support/stand-in.js';

const many = (count: number, wish: Wish = {}): Wish[] => Array.from({ length: count }, () => ({ ...wish }));

/** A Kong, what stands before it, and what should be in it. */
interface Scene {
  readonly kong: KongProjection;
  readonly proxy: AdminProxy;
  readonly desired: Desired;
  /** Starts another auth-api that keeps this Kong. */
  readonly start: (settings?: Readonly<Record<string, string>>) => Promise<RunningAuthApi>;
}

function useScene(purpose: string): () => Scene {
  let scene: Scene;
  const stops: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const [given] = givenNodes();
    const standIn = given ? undefined : await StandIn.start(`${purpose}-kong`, 'db');
    if (standIn) stops.push(() => standIn.stop());
    const proxy = await AdminProxy.to(given?.adminUrl ?? standIn?.adminUrl ?? '');
    stops.push(() => proxy.stop());
    const databaseUrl = await createTestDatabase(purpose.replaceAll('-', '_'));
    const settings = { DATABASE_URL: databaseUrl, KONG_ADMIN_URLS: proxy.url };
    const first = await startAuthApi(`${purpose}-migrates`, { ...settings, KONG_ADMIN_URLS: '' });
    await first.stop();
    const desired = await Desired.of(databaseUrl);
    stops.push(() => desired.close());
    const kong = new KongProjection(given?.adminUrl ?? standIn?.adminUrl ?? '');
    scene = {
      kong,
      proxy,
      desired,
      start: async (more = {}) => {
        const api = await launchAuthApi(`${purpose}-api`, { ...settings, ...more });
        stops.push(() => api.stop().catch(() => undefined));
        return api;
      },
    };
    stops.push(async () => {
      for (const { id } of await kong.list('consumers'))
        await kong.admin.remove('consumers', id, 'of a test');
    });
  }, 120_000);
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  }, 60_000);
  return () => scene;
}

describe('auth-api killed at any point of a sync of 2,000 changes, ten times over', () => {
  const scene = useScene('kong-sync-killed');

  it('leaves nothing out, nothing behind and nothing double', async () => {
    const { desired, kong, proxy, start } = scene();
    const old = await desired.put(many(1000));
    let api = await start();
    await kong.equals(desired, 60_000);
    await api.kill();

    await desired.put(many(1000));
    await desired.remove(old.slice(0, 500));
    const kept = old.slice(500);
    await desired.put(kept.map((id) => ({ id, keys: [inventedKey()] })));
    proxy.seen.length = 0;
    for (let round = 1; round <= 10; round++) {
      const before = proxy.writes.length;
      api = await start();
      // Each dies somewhere else: after so many of its writes, whatever those were.
      await eventually(
        () => proxy.writes.length >= before + 15 * round,
        `round ${round} has written`,
        30_000,
      );
      await api.kill();
      expect(await desired.waiting()).toBeGreaterThan(0);
    }
    api = await start();
    await kong.equals(desired, 90_000);
    await api.stop();
  }, 300_000);
});

describe('a Kong that is down for the whole time of 500 changes', () => {
  const scene = useScene('kong-sync-down');

  it('has all of them soon after its return, what is to be gone first', async () => {
    const { desired, kong, proxy, start } = scene();
    const old = await desired.put(many(100));
    await start();
    await kong.equals(desired, 30_000);

    await proxy.refuse();
    for (let n = 0; n < 10; n++) {
      await desired.put(many(40));
      await desired.remove(old.slice(10 * n, 10 * n + 10));
    }
    proxy.seen.length = 0;
    await proxy.accept();
    const since = performance.now();
    // Promised are 10 s; 3 or 4 are usual. More is for a machine that does much else.
    await kong.equals(desired, 45_000);
    process.stdout.write(
      `500 changes were there ${Math.round(performance.now() - since)} ms after Kong's return\n`,
    );
    const deletes = proxy.writes.flatMap(({ method }, at) => (method === 'DELETE' ? [at] : []));
    const firstPut = proxy.writes.findIndex(({ method }) => method === 'PUT');
    expect(deletes).toHaveLength(100);
    expect(Math.max(...deletes)).toBeLessThan(firstPut);
  }, 120_000);
});

describe('much that is to be made', () => {
  const scene = useScene('kong-sync-bulk');

  it('is made at a pace that is told, and what is to be gone overtakes it', async () => {
    const { desired, kong, proxy, start } = scene();
    const [victim = ''] = await desired.put(many(1));
    const api = await start();
    await kong.equals(desired, 30_000);
    proxy.seen.length = 0;
    await desired.put(many(600));
    await eventually(() => proxy.writes.length > 100, 'it has begun', 20_000);
    const before = proxy.writes.length;
    await desired.remove([victim]);
    await kong.equals(desired, 60_000);
    const at = proxy.writes.findIndex(({ method }) => method === 'DELETE');
    // Those under way and the hundred begun with them go first, and no more.
    expect(at).toBeGreaterThan(0);
    expect(at - before).toBeLessThanOrEqual(500);
    expect(proxy.writes).toHaveLength(1201);
    expect(await api.metric('kong_sync_writes_total')).toBeGreaterThanOrEqual(1201);
    await eventually(async () => (await api.metric('kong_sync_lag_seconds')) === 0, 'the lag is over');
  }, 120_000);
});

describe('two auth-api processes that keep one Kong', () => {
  const scene = useScene('kong-sync-two');

  it('apply every change once, and those of one consumer in order', async () => {
    const { desired, kong, proxy, start } = scene();
    await Promise.all([start(), start()]);
    await eventually(
      () => proxy.seen.some(({ path }) => path.startsWith('/consumers?')),
      'Kong is compared',
      30_000,
    );
    proxy.seen.length = 0;
    const ids = await desired.put(many(200, { groups: ['registered'] }));
    await kong.equals(desired, 30_000);
    const puts = proxy.writes.filter(({ path }) => path.startsWith('/consumers/')).map(({ path }) => path);
    expect([...puts].sort()).toEqual(ids.map((id) => `/consumers/${id}`).sort());
    expect(proxy.writes).toHaveLength(600);

    proxy.seen.length = 0;
    const [id = ''] = ids;
    const [first, second] = [inventedKey(), inventedKey()];
    await desired.put([{ id, keys: [first] }]);
    await kong.equals(desired, 10_000);
    await desired.put([{ id, keys: [second] }]);
    await kong.equals(desired, 10_000);
    expect((await kong.all()).get(id)?.keys).toEqual([second]);
    expect(proxy.writes.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['DELETE', 'PUT', 'DELETE', 'PUT']),
    );
  }, 120_000);
});

describe('what somebody else has in Kong', () => {
  const scene = useScene('kong-sync-foreign');

  it('is never touched, not with what is ours and not for its sake', async () => {
    const { desired, kong, start } = scene();
    const [ours = ''] = await desired.put([{ username: 'wanted-by-both', customId: 'both@example.com' }]);
    const foreign = {
      consumer: { id: crypto.randomUUID(), username: 'theirs', custom_id: 'theirs@example.com' },
      rival: { id: crypto.randomUUID(), username: 'wanted-by-both' },
      service: { id: crypto.randomUUID(), name: 'theirs', host: '127.0.0.1' },
    };
    const put = (kind: 'consumers' | 'services' | 'plugins' | 'key-auths', entity: { readonly id: string }) =>
      kong.admin.put({ kind, entity }, 'foreign');
    await put('consumers', foreign.consumer);
    await put('consumers', foreign.rival);
    await put('services', foreign.service);
    const plugin = { id: crypto.randomUUID(), name: 'rate-limiting', service: { id: foreign.service.id } };
    await put('plugins', { ...plugin, config: { minute: 7 } } as { id: string });
    const before = await Promise.all([
      kong.admin.find('consumers', foreign.consumer.id),
      kong.admin.find('consumers', foreign.rival.id),
      kong.admin.find('services', foreign.service.id),
      kong.admin.find('plugins', plugin.id),
    ]);
    await start({ SYNC_INTERVAL_MS: '1000' });
    await eventually(async () => (await desired.refusals()).length === 1, 'Kong refuses ours', 20_000);
    const [refusal] = await desired.refusals();
    expect(refusal).toMatchObject({ id: ours, username: 'wanted-by-both' });

    // It hangs a credential of its own on a consumer of ours: then that stays, and only what is ours goes.
    const [shared = ''] = await desired.put(many(1));
    await eventually(async () => (await kong.list('key-auths')).length === 1, 'ours is there');
    await put('key-auths', { id: crypto.randomUUID(), key: inventedKey(), consumer: { id: shared } } as {
      id: string;
    });
    await desired.remove([shared]);
    await eventually(async () => (await kong.list('key-auths')).length === 0, 'our key is gone', 20_000);
    expect(await kong.admin.find('consumers', shared)).toBeDefined();

    await kong.admin.remove('consumers', foreign.rival.id, 'gives way');
    await eventually(async () => (await kong.all()).has(ours), 'ours is there when there is room', 70_000);
    const after = await Promise.all([
      kong.admin.find('consumers', foreign.consumer.id),
      kong.admin.find('services', foreign.service.id),
      kong.admin.find('plugins', plugin.id),
    ]);
    expect(after).toEqual([before[0], before[2], before[3]]);
    await kong.admin.remove('services', foreign.service.id, 'foreign').catch(() => undefined);
    for (const id of [foreign.consumer.id, shared]) await kong.admin.remove('consumers', id, 'foreign');
  }, 150_000);
});

describe('a Kong that is emptied behind our back', () => {
  const scene = useScene('kong-sync-emptied');
  const wanted = topology(topologyOptions({ LIMITS_PROFILE: 'development' }));
  const KINDS = ['plugins', 'routes', 'services', 'consumers'] as const;

  it('is rebuilt, topology and consumers, and that it was is counted', async () => {
    const { desired, kong, start } = scene();
    const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-topology-')), 'kong.yaml');
    writeFileSync(file, toYaml(wanted));
    await desired.put(many(50, { groups: ['registered'], limits: { minute: 30 } }));
    const api = await start({ SYNC_INTERVAL_MS: '1000', TOPOLOGY_FILE: file });
    const isWhole = async () => {
      await kong.equals(desired, 30_000);
      await eventually(
        async () => {
          for (const kind of KINDS) {
            const there = (await kong.admin.list(kind, { tag: 'topology' })).map(({ id }) => id);
            if (
              there.sort().join() !==
              wanted[kind]
                .map(({ id }) => id)
                .sort()
                .join()
            )
              return false;
          }
          return (await kong.list('acls')).length === 50 && (await kong.list('plugins')).length === 50;
        },
        'everything is there',
        30_000,
      );
    };
    await isWhole();
    const drift = await api.metric('kong_sync_drift_total');
    for (const kind of KINDS)
      for (const { id } of await kong.admin.list(kind)) await kong.admin.remove(kind, id, 'behind our back');
    await isWhole();
    await eventually(
      async () => (await api.metric('kong_sync_drift_total')) >= drift + 200,
      'the drift is counted',
    );
    for (const kind of KINDS)
      for (const { id } of await kong.admin.list(kind, { tag: 'topology' }))
        await kong.admin.remove(kind, id, 'of a test');
  }, 120_000);
});

describe('a Kong that misbehaves', () => {
  const scene = useScene('kong-sync-misbehaves');
  const violation = { code: 2, name: 'schema violation', message: 'schema violation (key: not today)' };
  const KEPT_WAITING: readonly (readonly [string, Fault])[] = [
    ['500', { status: 500, body: '{"message":"An unexpected error occurred"}' }],
    ['503 with a page of a proxy', { status: 503, body: '<html>busy</html>' }],
    ['garbage', { status: 200, body: 'it works!' }],
    ['slowly', { delayMs: 700 }],
    ['400', { status: 400, body: JSON.stringify(violation) }],
    [
      '409',
      { status: 409, body: JSON.stringify({ ...violation, code: 5, name: 'unique constraint violation' }) },
    ],
  ];
  beforeAll(async () => {
    await scene().start();
  });

  it.each(KEPT_WAITING)(
    '%s for one consumer: the others go on, and that one is made when Kong has recovered',
    async (_, fault) => {
      const { desired, kong, proxy } = scene();
      const [id = ''] = await desired.put(many(1));
      await kong.equals(desired, 20_000);
      proxy.fault = ({ path, method }) => (method !== 'GET' && path.includes(id) ? fault : undefined);
      await desired.put([{ id, username: `renamed-${id}` }, ...many(20)]);
      await eventually(async () => (await desired.waiting()) <= 1, 'the others are there', 30_000);
      for (const { failure } of await desired.refusals()) expect(failure).toContain(id);
      proxy.fault = () => undefined;
      await kong.equals(desired, 30_000);
      expect(await desired.refusals()).toEqual([]);
    },
    90_000,
  );

  it('no answer at all: asked again, and nothing is lost', async () => {
    const { desired, kong, proxy } = scene();
    proxy.fault = ({ method }) => (method === 'PUT' ? 'hang' : undefined);
    await desired.put(many(5));
    await eventually(() => proxy.writes.length > 0, 'it was tried');
    proxy.fault = () => undefined;
    await kong.equals(desired, 30_000);
  }, 60_000);

  it('a refusal is kept with its reason, and without the key that Kong quoted', async () => {
    const { desired, kong, proxy } = scene();
    const key = inventedKey();
    proxy.fault = ({ method, path }) =>
      method === 'PUT' && path.startsWith('/key-auths')
        ? {
            status: 400,
            body: JSON.stringify({ ...violation, message: `schema violation (key: ${key} is odd)` }),
          }
        : undefined;
    await desired.put([{ keys: [key] }]);
    await eventually(async () => (await desired.refusals()).length === 1, 'it is refused');
    const [refusal] = await desired.refusals();
    expect(refusal?.failure).toContain('is odd');
    expect(refusal?.failure).not.toContain(key);
    proxy.fault = () => undefined;
    await kong.equals(desired, 30_000);
  }, 60_000);
});
