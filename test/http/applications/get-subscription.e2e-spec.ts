import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';
import { sameButForRequestId } from '../../support/client.js';

describe('GET /applications/{id}/subscriptions/{sid}', () => {
  const { api, application, subscribe } = useApplications('get-subscription');
  const get = (token: string, id: string, sid: string) =>
    api.get(`/applications/${id}/subscriptions/${sid}`, { token });

  describe('200', () => {
    it('shows one, without its credentials', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      const { status, body } = await get(owner.accessToken, id, made.id);
      const { credentials, ...shown } = made;
      expect({ status, body }).toEqual({ status: 200, body: shown });
      expect(credentials.key).toBeDefined();
    });
  });

  describe('400', () => {
    it('names an id that is no UUID', async () => {
      const owner = await api.anyone();
      const { body } = await get(owner.accessToken, await application(owner), 'nope');
      expect(body.errors).toEqual([{ field: 'sid', detail: 'must be a UUID' }]);
    });
  });

  describe('404', () => {
    it('answers the same for one of another application and for none', async () => {
      const owner = await api.member();
      const [id, another] = [await application(owner), await application(owner)];
      const { body: made } = await subscribe(owner, another);
      const answers = [
        await get(owner.accessToken, id, made.id),
        await get(owner.accessToken, id, randomUUID()),
      ];
      expect(answers[0]?.body).toMatchObject({
        status: 404,
        type: '/docs/problems/applications/subscription-not-found',
      });
      expect(sameButForRequestId(answers)).toBe(true);
    });
  });
});
