import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newApplicationId, useApplications } from '../../support/applications.js';
import { type Answer, sameButForRequestId } from '../../support/client.js';

describe('GET /applications/{id}', () => {
  const scene = useApplications('get-application');
  const { api, application, subscribe } = scene;
  const get = (token: string, id: string) => api.get(`/applications/${id}`, { token });

  describe('200', () => {
    it('the owner and an administrator see it', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const [mine, theirs] = [await get(owner.accessToken, id), await get(admin.accessToken, id)];
      expect([mine.status, theirs.status]).toEqual([200, 200]);
      expect(mine.body).toMatchObject({ id, owner: owner.id });
      expect(theirs.body).toEqual(mine.body);
    });
  });

  describe('400', () => {
    it.each(['ab', 'Weather', '1', 'app%00', '%F0%9F%98%80', 'a'.repeat(51)])('the id %.20s', async (id) => {
      const { status, body } = await get((await api.anyone()).accessToken, id);
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field: 'id' });
    });
  });

  describe('404', () => {
    it("answers the same for another's application and for none, at every endpoint", async () => {
      const [owner, { accessToken: token }] = [await api.member(), await api.member()];
      const id = await application(owner, { redirect_uri: 'https://app.example.com/' });
      const { body: subscription } = await subscribe(owner, id);
      type Place = { readonly id: string; readonly sid: string };
      const endpoints: ((place: Place) => Promise<Answer>)[] = [
        (at) => api.get(`/applications/${at.id}`, { token }),
        (at) => api.call('PATCH', `/applications/${at.id}`, { token, body: { name: 'Mine now' } }),
        (at) => api.call('DELETE', `/applications/${at.id}`, { token }),
        (at) => api.get(`/applications/${at.id}/subscriptions`, { token }),
        (at) =>
          api.post(`/applications/${at.id}/subscriptions`, { token, body: { api: 'llm', auth: 'key-auth' } }),
        (at) =>
          api.post(`/applications/${at.id}/subscriptions`, {
            token,
            body: { api: 'echo', auth: 'key-auth' },
          }),
        (at) => api.get(`/applications/${at.id}/subscriptions/${at.sid}`, { token }),
        (at) => api.get(`/applications/${at.id}/subscriptions/${at.sid}/credentials`, { token }),
        (at) => api.call('DELETE', `/applications/${at.id}/subscriptions/${at.sid}`, { token }),
      ];
      for (const ask of endpoints) {
        const answers = [
          await ask({ id, sid: subscription.id }),
          await ask({ id: newApplicationId(), sid: randomUUID() }),
        ];
        expect(answers[0]?.body).toMatchObject({
          status: 404,
          type: '/docs/problems/applications/not-found',
        });
        expect(sameButForRequestId(answers)).toBe(true);
      }
      const decide = (decision: string, at: Place) =>
        api.post(`/applications/${at.id}/subscriptions/${at.sid}/${decision}`, { token });
      for (const decision of ['approve', 'refuse']) {
        const answers = [
          await decide(decision, { id, sid: subscription.id }),
          await decide(decision, { id: newApplicationId(), sid: randomUUID() }),
        ];
        expect(answers[0]?.status).toBe(403);
        expect(sameButForRequestId(answers)).toBe(true);
      }
      expect((await get(owner.accessToken, id)).body).toMatchObject({ name: 'An application', active: true });
    });
  });
});
