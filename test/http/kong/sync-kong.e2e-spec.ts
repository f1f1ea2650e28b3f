import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { useKeptKong } from '../../support/kept-kong.js';

const alone = useAuthApi('kong-sync-none');
const scene = useKeptKong('kong-sync');

describe('401 and 403', () => {
  it('for everybody but administrators', async () => {
    expect((await scene.api.call('POST', '/kong/sync')).status).toBe(401);
    const someone = await scene.api.anyone();
    expect((await scene.api.call('POST', '/kong/sync', { token: someone.accessToken })).status).toBe(403);
  });
});

describe('200', () => {
  it('changes nothing where Kong is as it should be', async () => {
    await scene.desired.put([{}, {}]);
    await scene.inSync();
    scene.proxy.seen.length = 0;
    const answer = await scene.api.post('/kong/sync', await scene.asAdmin());
    expect(answer.body).toMatchObject({ in_sync: true, drift: 0 });
    expect(scene.proxy.writes).toEqual([]);
  });

  it('mends what somebody has changed, now, and is on record', async () => {
    await scene.inSync();
    const [victim] = await scene.kong.list('consumers');
    await scene.kong.admin.put(
      {
        kind: 'consumers',
        entity: { id: victim?.id ?? '', username: 'vandal', tags: victim?.tags ?? [] } as never,
      },
      'vandal',
    );
    const answer = await scene.api.post('/kong/sync', await scene.asAdmin());
    expect([answer.status, answer.body.in_sync]).toEqual([200, true]);
    expect(answer.body.drift).toBeGreaterThan(0);
    await scene.kong.equals(scene.desired, 1000);
    const events = await scene.api.sql(`SELECT action FROM audit_events WHERE action = ANY($1)`, [
      ['kong.sync-requested', 'kong.mended', 'kong.applied'],
    ]);
    expect(new Set(events.map(({ action }) => action))).toEqual(
      new Set(['kong.sync-requested', 'kong.mended', 'kong.applied']),
    );
  });

  it('waits for a person when much would be deleted, and does it when told to', async () => {
    await scene.inSync();
    const stray = Array.from({ length: 15 }, (_, n) => ({
      id: crypto.randomUUID(),
      username: `stray-${n}`,
      tags: ['managed-by:gatehouse'],
    }));
    for (const entity of stray) await scene.kong.admin.put({ kind: 'consumers', entity }, 'stray');
    const held = await scene.api.post('/kong/sync', await scene.asAdmin());
    expect(held.body).toMatchObject({
      in_sync: false,
      held: expect.stringMatching(/deletes \d+ of the \d+/),
    });
    expect((await scene.api.get('/kong/plan', await scene.asAdmin())).body.held).toMatch(/deletes/);
    expect(await scene.kong.admin.find('consumers', stray[0]?.id ?? '')).toBeDefined();

    const done = await scene.api.post('/kong/sync?force=true', await scene.asAdmin());
    expect(done.body).toMatchObject({ in_sync: true, held: null });
    await scene.kong.equals(scene.desired, 1000);
  });
});

describe('202', () => {
  it('when Kong does not answer: it is done when Kong is back', async () => {
    await scene.inSync();
    await scene.proxy.refuse();
    const answer = await scene.api.post('/kong/sync', await scene.asAdmin());
    await scene.proxy.accept();
    expect([answer.status, answer.body.in_sync]).toEqual([202, false]);
    await scene.inSync();
  });
});

describe('400', () => {
  it('refuses a force that is neither true nor false', async () => {
    expect((await scene.api.post('/kong/sync?force=perhaps', await scene.asAdmin())).status).toBe(400);
  });
});

describe('409', () => {
  it('where there is no Kong to keep', async () => {
    const answer = await alone.call('POST', '/kong/sync', { token: (await alone.anyAdmin()).accessToken });
    expect([answer.status, answer.body.type]).toEqual([409, '/docs/problems/kong/none']);
  });
});
