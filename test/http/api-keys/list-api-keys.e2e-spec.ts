import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';

describe('GET /auth/api-keys', () => {
  const api = useAuthApi('list-api-keys');
  const list = (token: string, query = '') => api.get(`/auth/api-keys${query}`, { token });

  /** Every page after another, as a client that follows next_cursor sees them. */
  const follow = async (
    token: string,
    limit: number,
    between?: () => Promise<unknown>,
  ): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body } = await list(token, `?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
      if (cursor !== null) await between?.();
    }
    return ids;
  };

  describe('200', () => {
    it('lists my keys and no others, newest first, without secrets', async () => {
      const [member, another] = [await api.member(), await api.member()];
      await api.key(another);
      const made = [];
      for (let i = 0; i < 3; i++) made.push(await api.key(member, { name: `key ${i}` }));
      const { status, body } = await list(member.accessToken);
      expect(status).toBe(200);
      expect(body.items.map(({ id }: { id: string }) => id)).toEqual(made.map(({ id }) => id).reverse());
      expect(body.next_cursor).toBeNull();
      for (const { key } of made) expect(JSON.stringify(body)).not.toContain(key);
    });

    it('a guest has none', async () => {
      expect((await list((await api.guest()).accessToken)).body).toEqual({ items: [], next_cursor: null });
    });

    it.each([1, 3, 7, 20])('pages of %i show each key once, also of one moment', async (limit) => {
      const member = await api.member();
      const made = await Promise.all(Array.from({ length: 20 }, () => api.key(member)));
      await api.sql(
        `UPDATE api_keys SET created_at = date_trunc('minute', created_at) WHERE user_id = $1 AND id < $2`,
        [member.id, made.map(({ id }) => id).sort()[12]],
      );
      const seen = await follow(member.accessToken, limit);
      expect(seen).toHaveLength(20);
      expect(new Set(seen)).toEqual(new Set(made.map(({ id }) => id)));
    });

    it('keys made while a client pages neither repeat nor hide one', async () => {
      const member = await api.member();
      const made = await Promise.all(Array.from({ length: 6 }, () => api.key(member)));
      const seen = await follow(member.accessToken, 2, () => api.key(member));
      expect(new Set(seen)).toEqual(new Set(made.map(({ id }) => id)));
      expect(seen).toHaveLength(6);
    });

    it('tells active, expiring, expired and revoked apart', async () => {
      const member = await api.member();
      const [active, expiring, expired, revoked] = await Promise.all(
        ['active', 'expiring', 'expired', 'revoked'].map((name) => api.key(member, { name })),
      );
      await api.sql(`UPDATE api_keys SET expires_at = now() + interval '6 days' WHERE id = $1`, [
        expiring?.id,
      ]);
      await api.sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
        expired?.id,
      ]);
      await api.call('DELETE', `/auth/api-keys/${revoked?.id}`, { token: member.accessToken });
      const { body } = await list(member.accessToken);
      const statuses = Object.fromEntries(
        body.items.map((item: { name: string; status: string }) => [item.name, item.status]),
      );
      expect(statuses).toEqual({
        active: 'active',
        expiring: 'expiring',
        expired: 'expired',
        revoked: 'revoked',
      });
      expect(active).toBeDefined();
    });

    it('a key with scope keys:read may list', async () => {
      const { key } = await api.key(await api.member(), { name: 'reader', scopes: ['keys:read'] });
      expect((await api.get('/auth/api-keys', { apiKey: key })).body.items).toHaveLength(1);
    });

    it("another person's cursor shows nothing of his", async () => {
      const [member, another] = [await api.member(), await api.member()];
      await api.key(another);
      const { id } = await api.key(another);
      await api.key(member);
      const { status, body } = await list(member.accessToken, `?cursor=${id}`);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain(id);
    });
  });

  describe('400', () => {
    it.each([
      ['?limit=0', 'limit', 'must be at least 1'],
      ['?limit=101', 'limit', 'must be at most 100'],
      ['?limit=-1', 'limit', 'must be at least 1'],
      ['?limit=1.5', 'limit', 'must be a whole number'],
      ['?limit=many', 'limit', 'must be a whole number'],
      ['?limit=1&limit=2', 'limit', 'must be a whole number'],
      ['?limit=', 'limit', 'must be at least 1'],
      ['?cursor=nope', 'cursor', 'must be a UUID'],
      ['?cursor=', 'cursor', 'must be a UUID'],
      ['?page=2', 'page', 'is not a field of this request'],
    ])('%s is refused at its field', async (query, field, detail) => {
      const { status, body } = await list((await api.anyone()).accessToken, query);
      expect({ status, errors: body.errors }).toEqual({ status: 400, errors: [{ field, detail }] });
    });
  });

  describe('401', () => {
    it('nobody lists without saying who he is', async () => {
      expect((await api.get('/auth/api-keys')).status).toBe(401);
    });
  });

  describe('403', () => {
    it('a key without scope keys is refused', async () => {
      const { key } = await api.key(await api.member());
      const { status, body } = await api.get('/auth/api-keys', { apiKey: key });
      expect({ status, scopes: body.scopes }).toEqual({ status: 403, scopes: ['keys:read'] });
    });
  });
});
