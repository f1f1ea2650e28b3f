import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';
import { newClient, withKongThatTakesAll } from '../../support/registered-client.js';

describe('GET /consumers', () => {
  const api = useAuthApi('list-consumers');
  const list = (token: string, query = '') => api.get(`/consumers${query}`, { token });
  const all = async (token: string, query: string) => {
    const seen: { id: string; created_at: string; active: boolean }[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body } = await list(token, `${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.items);
      cursor = body.next_cursor;
    }
    return seen;
  };

  describe('200', () => {
    it('pages show each consumer once, newest first, also when many were made in the same moment', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const clients = await Promise.all(Array.from({ length: 11 }, () => newClient(api)));
      await api.sql(
        `UPDATE consumers SET created_at = date_trunc('milliseconds', now()) +
           (CASE WHEN random() < 0.5 THEN 1 ELSE 2 END) * interval '1 microsecond'`,
      );
      const seen = await all(token, '?limit=3');
      expect(seen.map(({ id }) => id).sort()).toEqual(clients.map(({ id }) => id).sort());
    });

    it('a page goes on where the one before ended, although its last one was deleted meanwhile', async () => {
      const { accessToken: token } = await api.anyAdmin();
      await Promise.all(Array.from({ length: 3 }, () => newClient(api)));
      const { body: first } = await list(token, '?limit=2');
      await api.sql('DELETE FROM consumers WHERE id = $1', [first.items[1].id]);
      const { body: second } = await list(token, `?limit=500&cursor=${first.next_cursor}`);
      expect(second.items.length).toBeGreaterThan(0);
      expect(second.items.map(({ id }: { id: string }) => id)).not.toContain(first.items[0].id);
    });

    it('shows all kinds, or one, and none that has ended', async () => {
      const [{ accessToken: token }, member, client] = [
        await api.anyAdmin(),
        await api.member(),
        await newClient(api),
      ];
      await api.call('PUT', `/admin/users/${member.id}/limits`, { token, body: { per_minute: 5 } });
      const ended = await newClient(api);
      await api.call('DELETE', `/consumers/${ended.id}`, { token });
      const ids = async (query: string) => (await all(token, query)).map(({ id }) => id);
      const { body: users } = await list(token, '?origin=user');
      expect(users.items).toMatchObject([
        { custom_id: member.id, origin: 'user', limits: { per_minute: 5, per_hour: null } },
      ]);
      expect(await ids('?origin=registration')).toContain(client.id);
      expect(await ids('?origin=registration')).not.toContain(users.items[0].id);
      expect(await ids('?origin=subscription')).toEqual([]);
      expect(await ids('?limit=100')).toEqual(expect.arrayContaining([client.id, users.items[0].id]));
      expect(await ids('?limit=100')).not.toContain(ended.id);
    });

    it('says whether Kong has each', async () => {
      const { accessToken: token } = await api.anyAdmin();
      await newClient(api);
      await withKongThatTakesAll(api, async () => {
        await newClient(api);
        await eventually(
          async () => !(await list(token)).body.items.some(isPending),
          'none is pending any more',
        );
      });
      const pending = await newClient(api);
      const { body } = await list(token);
      expect(body.items.filter(isPending).map(({ id }: { id: string }) => id)).toEqual([pending.id]);
      expect(body.items[0]).toMatchObject({
        active: false,
        pending_since: body.items[0].created_at,
        failure: null,
      });
    });
  });

  describe('400', () => {
    it.each([
      ['?origin=nobody', 'origin'],
      ['?limit=0', 'limit'],
      ['?limit=501', 'limit'],
      ['?cursor=nonsense', 'cursor'],
      [`?cursor=${Buffer.from('1.x').toString('base64url')}`, 'cursor'],
    ])('%s is refused at its field', async (query, field) => {
      const { status, body } = await list((await api.anyAdmin()).accessToken, query);
      expect({ status, fields: body.errors.map((fault: { field: string }) => fault.field) }).toEqual({
        status: 400,
        fields: [field],
      });
    });
  });

  describe('401', () => {
    it("an administrator's API key is not enough: his own token is wanted", async () => {
      const { key } = await api.key(await api.anyAdmin());
      expect((await api.get('/consumers', { apiKey: key })).status).toBe(401);
      expect((await api.get('/consumers')).status).toBe(401);
    });
  });

  describe('403', () => {
    it('a person without the role admin sees nothing', async () => {
      expect((await list((await api.anyone()).accessToken)).status).toBe(403);
    });
  });
});

function isPending({ active }: { active: boolean }): boolean {
  return !active;
}
