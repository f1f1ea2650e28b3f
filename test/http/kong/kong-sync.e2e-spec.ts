import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminProxy } from '../../support/admin-proxy.js';
import { eventually } from '../../support/auth-api.js';
import { Desired } from '../../support/desired.js';
import { useAuthApi } from '../../support/harness.js';
import { KongProjection } from '../../support/kong-projection.js';
import { StandIn } from '../../support/stand-in.js';

const kongUrls = { KONG_ADMIN_URLS: '' };
const alone = useAuthApi('kong-none');

let standIn: StandIn;
let proxy: AdminProxy;
beforeAll(async () => {
  standIn = await StandIn.start('kong-endpoints', 'db');
  proxy = await AdminProxy.to(standIn.adminUrl);
  kongUrls.KONG_ADMIN_URLS = proxy.url;
});
const api = useAuthApi('kong-endpoints', kongUrls);
let desired: Desired;
let kong: KongProjection;
beforeAll(async () => {
  desired = await Desired.of(api.process.databaseUrl);
  kong = new KongProjection(standIn.adminUrl);
});
afterAll(async () => {
  await desired.close();
  await proxy.stop();
  await standIn.stop();
});

const asAdmin = async () => ({ token: (await api.anyAdmin()).accessToken });
const status = async () => (await api.get('/kong/status', await asAdmin())).body;
const inSync = () => eventually(async () => (await status()).in_sync === true, 'it is in sync');

describe.each([
  ['GET', '/kong/status'],
  ['GET', '/kong/plan'],
  ['POST', '/kong/sync'],
])('%s %s', (method, path) => {
  it('is for administrators', async () => {
    expect((await api.call(method, path)).status).toBe(401);
    expect((await api.call(method, path, { token: (await api.anyone()).accessToken })).status).toBe(403);
  });
});

describe('GET /kong/status', () => {
  it('says that nothing waits once Kong has everything, and since when', async () => {
    await desired.put([{}, {}]);
    await inSync();
    expect(await status()).toMatchObject({ waiting: 0, lag_seconds: 0, mode: 'db', nodes: 1, held: null });
    expect(Date.parse((await status()).since)).toBeLessThanOrEqual(Date.now());
  });

  it('says what waits, since when and why, while Kong is away', async () => {
    await proxy.refuse();
    await desired.put([{}, {}, {}]);
    await eventually(async () => {
      const { in_sync, waiting, lag_seconds, failure } = await status();
      return !in_sync && waiting === 3 && lag_seconds > 0 && failure !== null;
    }, 'it says so');
    expect(await api.process.metric('kong_sync_errors_total')).toBeGreaterThan(0);
    await proxy.accept();
    await inSync();
    expect((await status()).failure).toBeNull();
  });

  it('names what Kong refuses', async () => {
    proxy.fault = ({ method, path }) =>
      method === 'PUT' && path.startsWith('/consumers/')
        ? { status: 400, body: JSON.stringify({ code: 2, message: 'schema violation (username: no)' }) }
        : undefined;
    const [id] = await desired.put([{}]);
    await eventually(async () => (await status()).refused.length === 1, 'it is refused');
    expect((await status()).refused[0]).toMatchObject({
      consumer_id: id,
      failure: expect.stringContaining('schema violation'),
    });
    proxy.fault = () => undefined;
    await inSync();
  });
});

describe('GET /kong/plan', () => {
  it('is the difference, in order, with fingerprints in the place of keys, and writes nothing', async () => {
    await inSync();
    const [victim] = await kong.list('key-auths');
    await kong.admin.remove('key-auths', victim?.id ?? '', 'behind our back');
    proxy.seen.length = 0;
    const { body } = await api.get('/kong/plan', await asAdmin());
    expect(body).toMatchObject({ in_sync: false, held: null, steps_total: 1 });
    expect(body.steps[0]).toMatchObject({ operation: 'create', kind: 'key-auths', id: victim?.id });
    expect(JSON.stringify(body)).not.toContain(String(victim?.['key']));
    expect(proxy.writes).toEqual([]);
    expect((await api.get('/kong/plan?limit=0', await asAdmin())).body).toMatchObject({
      steps: [],
      steps_total: 1,
    });
  });

  it('says that Kong can not be asked, and not how', async () => {
    proxy.fault = () => ({ status: 401, body: '{"message":"Unauthorized"}' });
    const answer = await api.get('/kong/plan', await asAdmin());
    proxy.fault = () => undefined;
    expect([answer.status, answer.body.type]).toEqual([503, '/docs/problems/kong/unavailable']);
  });
});

describe('POST /kong/sync', () => {
  it('mends what somebody has changed, now, and is on record', async () => {
    await inSync();
    const [victim] = await kong.list('consumers');
    await kong.admin.put(
      {
        kind: 'consumers',
        entity: { id: victim?.id ?? '', username: 'vandal', tags: victim?.tags ?? [] } as never,
      },
      'vandal',
    );
    const answer = await api.post('/kong/sync', await asAdmin());
    expect([answer.status, answer.body.in_sync]).toEqual([200, true]);
    expect(answer.body.drift).toBeGreaterThan(0);
    await kong.equals(desired, 1000);
    const events = await api.sql(`SELECT action FROM audit_events WHERE action = ANY($1)`, [
      ['kong.sync-requested', 'kong.mended', 'kong.applied'],
    ]);
    expect(new Set(events.map(({ action }) => action))).toEqual(
      new Set(['kong.sync-requested', 'kong.mended', 'kong.applied']),
    );
  });

  it('waits for a person when much would be deleted, and does it when told to', async () => {
    await inSync();
    const stray = Array.from({ length: 15 }, (_, n) => ({
      id: crypto.randomUUID(),
      username: `stray-${n}`,
      tags: ['managed-by:gatehouse'],
    }));
    for (const entity of stray) await kong.admin.put({ kind: 'consumers', entity }, 'stray');
    const held = await api.post('/kong/sync', await asAdmin());
    expect(held.body).toMatchObject({
      in_sync: false,
      held: expect.stringMatching(/deletes \d+ of the \d+/),
    });
    expect((await api.get('/kong/plan', await asAdmin())).body.held).toMatch(/deletes/);
    expect(await kong.admin.find('consumers', stray[0]?.id ?? '')).toBeDefined();

    const done = await api.post('/kong/sync?force=true', await asAdmin());
    expect(done.body).toMatchObject({ in_sync: true, held: null });
    await kong.equals(desired, 1000);
  });

  it('refuses a force that is neither true nor false', async () => {
    expect((await api.post('/kong/sync?force=perhaps', await asAdmin())).status).toBe(400);
  });
});

describe('without KONG_ADMIN_URLS', () => {
  it.each([
    ['GET', '/kong/plan'],
    ['POST', '/kong/sync'],
  ])('%s %s says that there is no Kong to keep', async (method, path) => {
    const answer = await alone.call(method, path, { token: (await alone.anyAdmin()).accessToken });
    expect([answer.status, answer.body.type]).toEqual([409, '/docs/problems/kong/none']);
  });
});
