import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useKeptKong } from '../../support/kept-kong.js';

const scene = useKeptKong('kong-status');

describe('401 and 403', () => {
  it('for everybody but administrators', async () => {
    expect((await scene.api.call('GET', '/kong/status')).status).toBe(401);
    const someone = await scene.api.anyone();
    expect((await scene.api.call('GET', '/kong/status', { token: someone.accessToken })).status).toBe(403);
  });
});

describe('200', () => {
  it('says that nothing waits once Kong has everything, and since when', async () => {
    await scene.desired.put([{}, {}]);
    await scene.inSync();
    expect(await scene.status()).toMatchObject({
      waiting: 0,
      lag_seconds: 0,
      mode: 'db',
      nodes: 1,
      held: null,
    });
    expect(Date.parse((await scene.status()).since)).toBeLessThanOrEqual(Date.now());
  });

  it('says what waits, since when and why, while Kong is away', async () => {
    await scene.proxy.refuse();
    await scene.desired.put([{}, {}, {}]);
    await eventually(async () => {
      const { in_sync, waiting, lag_seconds, failure } = await scene.status();
      return !in_sync && waiting === 3 && lag_seconds > 0 && failure !== null;
    }, 'it says so');
    expect(await scene.api.process.metric('kong_sync_errors_total')).toBeGreaterThan(0);
    await scene.proxy.accept();
    await scene.inSync();
    expect((await scene.status()).failure).toBeNull();
  });

  it('names what Kong refuses', async () => {
    scene.proxy.fault = ({ method, path }) =>
      method === 'PUT' && path.startsWith('/consumers/')
        ? { status: 400, body: JSON.stringify({ code: 2, message: 'schema violation (username: no)' }) }
        : undefined;
    const [id] = await scene.desired.put([{}]);
    await eventually(async () => (await scene.status()).refused.length === 1, 'it is refused');
    expect((await scene.status()).refused[0]).toMatchObject({
      consumer_id: id,
      failure: expect.stringContaining('schema violation'),
    });
    scene.proxy.fault = () => undefined;
    await scene.inSync();
  });

  it('names a consumer whose credential no key opens, who stays in Kong as he is while the rest is kept', async () => {
    const [locked = '', vandalised = ''] = await scene.desired.put([{}, {}]);
    await scene.inSync();
    const before = (await scene.kong.all()).get(locked);
    const takeBack = await scene.desired.lockAway(locked);
    await scene.kong.admin.remove('consumers', vandalised, 'vandalised');
    for (let time = 0; time < 2; time += 1) await scene.api.post('/kong/sync', await scene.asAdmin());

    const why = new RegExp(`^consumer client-${locked}: no CREDENTIAL_KEY opens .* stays as it is$`);
    expect(await scene.status()).toMatchObject({
      in_sync: false,
      failure: null,
      held: null,
      blocked: [expect.stringMatching(why)],
    });
    const { body: plan } = await scene.api.get('/kong/plan', await scene.asAdmin());
    expect(plan).toMatchObject({ in_sync: false, steps: [], blocked: [{ why: expect.any(String) }] });
    const there = await scene.kong.all();
    expect(before?.keys).toHaveLength(1);
    expect([there.get(locked), there.has(vandalised)]).toEqual([before, true]);
    expect(await scene.api.process.metric('kong_sync_blocked')).toBe(1);
    expect(scene.api.process.output().split('credentials that no CREDENTIAL_KEY opens')).toHaveLength(2);

    await takeBack();
    await scene.api.post('/kong/sync', await scene.asAdmin());
    await scene.inSync();
    expect(await scene.status()).toMatchObject({ blocked: [] });
    expect(await scene.api.process.metric('kong_sync_blocked')).toBe(0);
  });

  it('names one that waits, and of whom Kong has nothing, as refused', async () => {
    await scene.proxy.refuse();
    const [locked = ''] = await scene.desired.put([{}]);
    const takeBack = await scene.desired.lockAway(locked);
    await scene.proxy.accept();
    const others = await scene.desired.put([{}, {}]);
    await eventually(async () => {
      const there = await scene.kong.all();
      return others.every((id) => there.has(id)) && (await scene.status()).refused.length === 1;
    }, 'the others are there');
    expect((await scene.status()).refused[0]).toMatchObject({
      consumer_id: locked,
      failure: expect.stringContaining('can not be opened'),
    });
    expect((await scene.kong.all()).has(locked)).toBe(false);
    await takeBack();
    await scene.desired.remove([locked]);
    await scene.inSync();
  });
});
