import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';

describe('GET /applications', () => {
  const { api, application, subscribe, withoutKong } = useApplications('list-applications');
  const list = (token: string, query = '') => api.get(`/applications${query}`, { token });
  const ids = ({ body }: { body: { items: { id: string }[] } }) => body.items.map(({ id }) => id);

  describe('200', () => {
    it('lists my applications and no others', async () => {
      const [owner, another] = [await api.member(), await api.member()];
      await application(another);
      const mine = [await application(owner), await application(owner)].sort();
      const answer = await list(owner.accessToken);
      expect(ids(answer)).toEqual(mine);
      expect(answer.body.next_cursor).toBeNull();
    });

    it('a guest has none', async () => {
      const { body } = await list((await api.guest()).accessToken);
      expect(body).toEqual({ items: [], next_cursor: null });
    });

    it('an administrator sees those of all people', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const answer = await list(admin.accessToken, `?limit=2${cursor && `&cursor=${cursor}`}`);
        seen.push(...ids(answer));
        cursor = answer.body.next_cursor as string | null;
      }
      expect(seen).toContain(id);
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('pages show each application once, also when the one at the cursor is deleted meanwhile', async () => {
      const owner = await api.member();
      const made = (await Promise.all(Array.from({ length: 5 }, () => application(owner)))).sort();
      const first = await list(owner.accessToken, '?limit=2');
      const cursor: string = first.body.next_cursor;
      await api.call('DELETE', `/applications/${cursor}`, { token: owner.accessToken });
      const rest = await list(owner.accessToken, `?cursor=${cursor}`);
      expect([...ids(first), ...ids(rest)]).toEqual(made);
    });

    it('finds the applications that wait for an approval', async () => {
      const owner = await api.member();
      const waiting = await application(owner);
      await application(owner);
      await subscribe(owner, waiting, { plan: 'premium' });
      expect(ids(await list(owner.accessToken, '?subscription_status=pending'))).toEqual([waiting]);
      expect(ids(await list(owner.accessToken, '?subscription_status=refused'))).toEqual([]);
    });

    it('tells those that the gateway has not heard of from the others', async () => {
      const owner = await api.member();
      const [known, unheard] = [await application(owner), await application(owner)];
      await subscribe(owner, known);
      await withoutKong(async () => {
        await subscribe(owner, unheard);
        const { body } = await list(owner.accessToken);
        const active = Object.fromEntries(
          body.items.map((item: { id: string; active: boolean }) => [item.id, item.active]),
        );
        expect(active).toEqual({ [known]: true, [unheard]: false });
      });
    });
  });

  describe('400', () => {
    it.each([
      ['?limit=0', 'limit'],
      ['?limit=101', 'limit'],
      ['?cursor=', 'cursor'],
      ['?cursor=a%00b', 'cursor'],
      ['?subscription_status=gone', 'subscription_status'],
      ['?owner=me', 'owner'],
    ])('%s is refused at its field', async (query, field) => {
      const { status, body } = await list((await api.anyone()).accessToken, query);
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field });
    });
  });

  describe('401', () => {
    it('nobody lists without saying who he is', async () => {
      expect((await api.get('/applications')).status).toBe(401);
    });
  });
});
