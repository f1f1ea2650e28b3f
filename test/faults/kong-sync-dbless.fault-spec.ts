import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topology, topologyOptions, toYaml } from '../../kong/topology/index.js';
import { AdminProxy } from '../support/admin-proxy.js';
import { eventually, type RunningAuthApi, startAuthApi } from '../support/auth-api.js';
import { Desired, inventedKey } from '../support/desired.js';
import { standInOnly } from '../support/edge.js';
import { KongProjection } from '../support/kong-projection.js';
import { createTestDatabase } from '../support/stack.js';
import { StandIn } from '../support/stand-in.js';

const wanted = topology(topologyOptions({ LIMITS_PROFILE: 'development' }));

standInOnly('two Kong nodes without a database', () => {
  const stops: (() => Promise<unknown>)[] = [];
  const nodes: { readonly standIn: StandIn; readonly proxy: AdminProxy; readonly kong: KongProjection }[] =
    [];
  let desired: Desired;
  let api: RunningAuthApi;

  beforeAll(async () => {
    for (const name of ['first', 'second']) {
      const standIn = await StandIn.start(`kong-sync-dbless-${name}`, 'dbless');
      const proxy = await AdminProxy.to(standIn.adminUrl);
      stops.push(
        () => standIn.stop(),
        () => proxy.stop(),
      );
      nodes.push({ standIn, proxy, kong: new KongProjection(standIn.adminUrl) });
    }
    const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-topology-')), 'kong.yaml');
    writeFileSync(file, toYaml(wanted));
    const databaseUrl = await createTestDatabase('kong_sync_dbless');
    api = await startAuthApi('kong-sync-dbless', {
      DATABASE_URL: databaseUrl,
      KONG_ADMIN_URLS: nodes.map(({ proxy }) => proxy.url).join(','),
      KONG_MODE: 'dbless',
      TOPOLOGY_FILE: file,
      SYNC_INTERVAL_MS: '1000',
    });
    stops.push(() => api.stop());
    desired = await Desired.of(databaseUrl);
    stops.push(() => desired.close());
  }, 60_000);
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const hold = async (withinMs = 20_000) => {
    for (const { kong } of nodes) await kong.equals(desired, withinMs);
  };
  const pushes = () =>
    nodes.reduce((sum, { proxy }) => sum + proxy.writes.filter(({ method }) => method === 'POST').length, 0);

  it('hold topology and consumers, and what changes', async () => {
    const ids = await desired.put(
      Array.from({ length: 50 }, () => ({ groups: ['registered'], limits: { minute: 9 } })),
    );
    await hold();
    for (const { kong } of nodes) {
      expect((await kong.admin.list('routes')).length).toBe(wanted.routes.length);
      expect([(await kong.list('acls')).length, (await kong.list('plugins')).length]).toEqual([50, 50]);
    }
    await desired.remove(ids.slice(0, 10));
    await desired.put([{ id: ids[20] ?? '', keys: [inventedKey()] }]);
    await hold();
  }, 60_000);

  it('are not given what they hold already', async () => {
    await eventually(async () => (await desired.waiting()) === 0, 'nothing waits');
    const [before, looks] = [pushes(), nodes[0]?.proxy.seen.length ?? 0];
    await eventually(() => (nodes[0]?.proxy.seen.length ?? 0) > looks + 5, 'they were looked at again');
    expect(pushes()).toBe(before);
  });

  it('are given many changes together', async () => {
    const before = pushes();
    const began = performance.now();
    for (let n = 0; n < 40; n++) await desired.put([{}]);
    await hold();
    const seconds = (performance.now() - began) / 1000;
    expect(pushes() - before).toBeLessThanOrEqual(2 * (Math.ceil(seconds) + 1));
  }, 60_000);

  it('get everything back when they restart with nothing', async () => {
    await nodes[1]?.standIn.restart({ services: [], routes: [], consumers: [], plugins: [] });
    await hold();
    expect((await nodes[1]?.kong.admin.list('routes'))?.length).toBe(wanted.routes.length);
  }, 60_000);

  it('one that is down holds up none of the others, and hears of all of it when it is back', async () => {
    await nodes[1]?.proxy.refuse();
    const [id = ''] = await desired.put([{}]);
    await eventually(async () => (await nodes[0]?.kong.all())?.has(id) === true, 'the other one has it');
    expect(await desired.waiting()).toBe(1);
    await nodes[1]?.proxy.accept();
    await hold(10_000);
  }, 60_000);

  it('are given everything but a credential that no key opens, which is said', async () => {
    const [locked = '', other = ''] = await desired.put([{}, {}]);
    await hold();
    const takeBack = await desired.lockAway(locked);
    await desired.put([{ id: other, keys: [inventedKey()] }]);
    await hold();
    for (const { kong } of nodes) expect((await kong.all()).get(locked)?.keys).toEqual([]);
    await eventually(async () => (await api.metric('kong_sync_blocked')) === 1, 'it is counted');
    expect(api.output()).toContain('its client is refused until it has a new one');
    await takeBack();
    await hold();
    for (const { kong } of nodes) expect((await kong.all()).get(locked)?.keys).toHaveLength(1);
  }, 60_000);

  it('keep what is not ours until somebody agrees that it goes', async () => {
    const [first] = nodes;
    const foreign = { id: crypto.randomUUID(), username: 'theirs' };
    const before = JSON.stringify({ _format_version: '3.0', consumers: [foreign] });
    await first?.kong.admin.load(before, []);
    await desired.put([{}]);
    await eventually(async () => {
      const text = api.output();
      return text.includes('which would be lost') && (await desired.waiting()) === 1;
    }, 'it is held');
    expect(await first?.kong.admin.find('consumers', foreign.id)).toBeDefined();
    await first?.kong.admin.load(JSON.stringify({ _format_version: '3.0' }), []);
    await hold();
  }, 60_000);
});
