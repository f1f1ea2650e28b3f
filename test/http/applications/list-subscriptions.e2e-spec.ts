import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';

describe('GET /applications/{id}/subscriptions', () => {
  const { api, application, subscribe, withoutKong } = useApplications('list-subscriptions');
  const list = (token: string, id: string) => api.get(`/applications/${id}/subscriptions`, { token });

  describe('200', () => {
    it('lists them by API, without secrets, and says which work', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      expect((await list(owner.accessToken, id)).body).toEqual({ items: [] });
      const made = await subscribe(owner, id, { api: 'mcp' });
      await subscribe(owner, id, { api: 'echo', plan: 'standard' });
      await withoutKong(async () => {
        const unheard = await subscribe(owner, id, { api: 'llm', auth: 'oauth2-client-credentials' });
        const { body } = await list(owner.accessToken, id);
        const told = body.items.map((item: Record<string, unknown>) => [
          item['api'],
          item['status'],
          item['active'],
        ]);
        expect(told).toEqual([
          ['echo', 'pending', false],
          ['llm', 'approved', false],
          ['mcp', 'approved', true],
        ]);
        for (const secret of [made.body.credentials.key, unheard.body.credentials.client_secret])
          expect(JSON.stringify(body)).not.toContain(secret);
        expect((await list(admin.accessToken, id)).body).toEqual(body);
      });
    });
  });

  describe('404', () => {
    it('there is no such application', async () => {
      expect((await list((await api.anyone()).accessToken, 'no-such-application')).status).toBe(404);
    });
  });
});
