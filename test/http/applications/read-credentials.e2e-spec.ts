import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';

describe('GET /applications/{id}/subscriptions/{sid}/credentials', () => {
  const scene = useApplications('read-credentials');
  const { api, application, subscribe, implicit, decide, trail } = scene;
  const read = (token: string, id: string, sid: string) =>
    api.get(`/applications/${id}/subscriptions/${sid}/credentials`, { token });

  describe('200', () => {
    it.each(['key-auth', 'oauth2-client-credentials'])(
      'the owner reads those of %s as often as he likes, each time on record',
      async (auth) => {
        const owner = await api.member();
        const id = await application(owner);
        const { body: made } = await subscribe(owner, id, { auth });
        for (let n = 0; n < 2; n++) {
          const { status, headers, body } = await read(owner.accessToken, id, made.id);
          expect({ status, body }).toEqual({ status: 200, body: made.credentials });
          expect(headers.get('cache-control')).toBe('no-store');
        }
        expect((await trail(`subscription:${made.id}`)).slice(1)).toEqual(
          Array(2).fill({
            action: 'subscription.credentials-read',
            actor: owner.id,
            details: { application: id, api: 'echo' },
          }),
        );
      },
    );

    it('the owner reads what an administrator has approved', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id, { plan: 'premium' });
      await decide(admin, id, made.id, 'approve');
      const { status, body } = await read(owner.accessToken, id, made.id);
      expect({ status, key: body.key }).toEqual({ status: 200, key: expect.stringMatching(/^[\w-]{43}$/) });
    });
  });

  describe('403', () => {
    it('an administrator does not read what is not his', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      const { status, body } = await read(admin.accessToken, id, made.id);
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/applications/owner-only',
      });
      expect(JSON.stringify(body)).not.toContain(made.credentials.key);
    });
  });

  describe('404', () => {
    it('there is no such subscription', async () => {
      const owner = await api.anyone();
      const { status } = await read(owner.accessToken, await application(owner), randomUUID());
      expect(status).toBe(404);
    });
  });

  describe('409', () => {
    it('says why there are none', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const { body: listed } = await api.get(`/applications/${id}/subscriptions`, {
        token: owner.accessToken,
      });
      const { body: waiting } = await subscribe(owner, id, { api: 'llm', plan: 'premium' });
      const { body: refused } = await subscribe(owner, id, { api: 'mcp' });
      await decide(admin, id, refused.id, 'refuse');
      const said = await Promise.all(
        [listed.items[0], waiting, refused].map(async ({ id: sid }) => {
          const { status, body } = await read(owner.accessToken, id, sid);
          return [status, body.type, /implicit|pending|refused/.exec(body.detail)?.[0]];
        }),
      );
      const type = '/docs/problems/applications/no-credentials';
      expect(said).toEqual([
        [409, type, 'implicit'],
        [409, type, 'pending'],
        [409, type, 'refused'],
      ]);
    });
  });
});
