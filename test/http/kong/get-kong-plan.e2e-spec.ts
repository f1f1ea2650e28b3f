import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { useKeptKong } from '../../support/kept-kong.js';

const alone = useAuthApi('kong-plan-none');
const scene = useKeptKong('kong-plan');

describe('401 and 403', () => {
  it('for everybody but administrators', async () => {
    expect((await scene.api.call('GET', '/kong/plan')).status).toBe(401);
    const someone = await scene.api.anyone();
    expect((await scene.api.call('GET', '/kong/plan', { token: someone.accessToken })).status).toBe(403);
  });
});

describe('200', () => {
  it('is empty when Kong is as it should be', async () => {
    await scene.desired.put([{}, {}]);
    await scene.inSync();
    const { body } = await scene.api.get('/kong/plan', await scene.asAdmin());
    expect(body).toMatchObject({ in_sync: true, steps: [], blocked: [], held: null, unchanged: 4 });
  });

  it('is the difference, in order, with fingerprints in the place of keys, and writes nothing', async () => {
    await scene.inSync();
    const [victim] = await scene.kong.list('key-auths');
    await scene.kong.admin.remove('key-auths', victim?.id ?? '', 'behind our back');
    scene.proxy.seen.length = 0;
    const { body } = await scene.api.get('/kong/plan', await scene.asAdmin());
    expect(body).toMatchObject({ in_sync: false, held: null, steps_total: 1 });
    expect(body.steps[0]).toMatchObject({ operation: 'create', kind: 'key-auths', id: victim?.id });
    expect(JSON.stringify(body)).not.toContain(String(victim?.['key']));
    expect(scene.proxy.writes).toEqual([]);
    expect((await scene.api.get('/kong/plan?limit=0', await scene.asAdmin())).body).toMatchObject({
      steps: [],
      steps_total: 1,
    });
  });
});

describe('503', () => {
  it('says that Kong can not be asked, and not how', async () => {
    scene.proxy.fault = () => ({ status: 401, body: '{"message":"Unauthorized"}' });
    const answer = await scene.api.get('/kong/plan', await scene.asAdmin());
    scene.proxy.fault = () => undefined;
    expect([answer.status, answer.body.type]).toEqual([503, '/docs/problems/kong/unavailable']);
  });
});

describe('409', () => {
  it('where there is no Kong to keep', async () => {
    const answer = await alone.call('GET', '/kong/plan', { token: (await alone.anyAdmin()).accessToken });
    expect([answer.status, answer.body.type]).toEqual([409, '/docs/problems/kong/none']);
  });
});
