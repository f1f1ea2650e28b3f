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
});
