import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newEndUserEmail, useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('DELETE /applications/{id}/subscriptions/{sid}', () => {
  const scene = useApplications('delete-subscription');
  const { api, application, subscribe, implicit, register, trail, consumers, withoutKong } = scene;
  const remove = (token: string, id: string, sid: string) =>
    api.call('DELETE', `/applications/${id}/subscriptions/${sid}`, { token });

  describe('204', () => {
    it('its consumer is gone, and the application may subscribe anew with another key', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body: old } = await subscribe(owner, id);
      expect(await remove(owner.accessToken, id, old.id)).toMatchObject({ status: 204, body: undefined });
      expect(await consumers(`${id}$%`)).toEqual([]);
      expect((await trail(`subscription:${old.id}`)).at(-1)).toEqual({
        action: 'subscription.deleted',
        actor: owner.id,
        details: { application: id, api: 'echo' },
      });
      const { status, body } = await subscribe(owner, id);
      expect(status).toBe(201);
      expect(body.id).not.toBe(old.id);
      expect(body.credentials.key).not.toBe(old.credentials.key);
    });

    it('one that waits ends as well, and others stay', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body: waiting } = await subscribe(owner, id, { plan: 'premium' });
      await subscribe(owner, id, { api: 'llm' });
      expect((await remove(owner.accessToken, id, waiting.id)).status).toBe(204);
      expect(await consumers(`${id}$%`)).toMatchObject([{ username: `${id}$llm`, isRemoved: false }]);
    });

    it('of the implicit flow it takes the end users at this API along, and no others', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner, 'echo');
      await subscribe(owner, id, { api: 'mcp', auth: 'oauth2-implicit' });
      const email = newEndUserEmail();
      for (const name of ['echo', 'mcp']) await register(admin, { email, api: name, application_id: id });
      const { body } = await api.get(`/applications/${id}/subscriptions`, { token: owner.accessToken });
      expect(body.items[0].api).toBe('echo');
      expect((await remove(owner.accessToken, id, body.items[0].id)).status).toBe(204);
      expect(await consumers(`${email}$%`)).toMatchObject([{ username: `${email}$mcp`, isRemoved: false }]);
    });

    it('of many at once one does it', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body } = await subscribe(owner, id);
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => remove(owner.accessToken, id, body.id)),
      );
      expect(answers.filter(({ status }) => status === 404)).toHaveLength(5);
    });
  });

  describe('202', () => {
    it('Kong is away: it is gone when Kong is back', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      await withoutKong(async () => {
        const { status, body } = await remove(owner.accessToken, id, made.id);
        expect({ status, body }).toEqual({ status: 202, body: { status: 'deleted', pending_consumers: 1 } });
        expect(await consumers(`${id}$%`)).toMatchObject([{ isRemoved: true, credentials: [] }]);
      });
      await eventually(async () => (await consumers(`${id}$%`)).length === 0, 'Kong has lost it');
    });
  });

  describe('404', () => {
    it('there is no such subscription', async () => {
      const owner = await api.anyone();
      expect((await remove(owner.accessToken, await application(owner), randomUUID())).status).toBe(404);
    });
  });
});
