import { describe, expect, it } from '@jest/globals';
import { STORES, TEXT, useMedia } from '../../support/media.js';
import { type Caller, caller, keyCaller, proofFor, startService } from '../../support/service.js';

interface Item {
  readonly id: string;
}

describe.each(STORES)('GET /media on %s', (store) => {
  const media = useMedia('list-media', store);
  const list = (as: Caller, query = '') => media.get(`/media${query}`, { as });

  const follow = async (as: Caller, limit: number, between?: () => Promise<unknown>): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body } = await list(as, `?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      ids.push(...body.items.map(({ id }: Item) => id));
      cursor = body.next_cursor;
      if (cursor !== null) await between?.();
    }
    return ids;
  };

  describe('200', () => {
    it('lists my files and no others, newest first', async () => {
      const as = caller();
      await media.stored(caller());
      const first = await media.stored(as);
      const second = await media.stored(as, TEXT, 'text/plain', '?filename=a.txt');
      const { body } = await list(as);
      expect(body.items.map(({ id }: Item) => id)).toEqual([second, first]);
      expect(body.items[0]).toEqual({
        id: second,
        filename: 'a.txt',
        type: 'text/plain',
        bytes: TEXT.length,
        created_at: expect.any(String),
      });
      expect(body.next_cursor).toBeNull();
    });

    it('whoever has none has an empty list', async () => {
      expect((await list(caller())).body).toEqual({ items: [], next_cursor: null });
    });

    it.each([1, 3, 7])('pages of %i show each file once', async (limit) => {
      const as = caller();
      const made = await Promise.all(Array.from({ length: 7 }, () => media.stored(as)));
      const seen = await follow(as, limit);
      expect(seen).toHaveLength(7);
      expect(new Set(seen)).toEqual(new Set(made));
    });

    it('files stored while a client pages neither repeat nor hide one', async () => {
      const as = caller();
      const made = await Promise.all(Array.from({ length: 5 }, () => media.stored(as)));
      const seen = await follow(as, 2, () => media.stored(as));
      expect([...seen].sort()).toEqual([...made].sort());
    });

    it("another's cursor shows nothing of his", async () => {
      const [mine, theirs] = [caller(), caller()];
      await media.stored(theirs);
      const id = await media.stored(theirs);
      await media.stored(mine);
      const { status, body } = await list(mine, `?cursor=${id}`);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain(id);
    });

    it('a key with scope media:read may list', async () => {
      expect((await list(keyCaller('media:read'))).status).toBe(200);
    });
  });

  describe('400', () => {
    it.each([
      ['?limit=0', 'limit', 'must be at least 1'],
      ['?limit=101', 'limit', 'must be at most 100'],
      ['?limit=many', 'limit', 'must be a whole number'],
      ['?cursor=../x', 'cursor', 'must be a UUID'],
      ['?page=2', 'page', 'is not a field of this request'],
    ])('%s is refused at its field', async (query, field, detail) => {
      const { status, body } = await list(caller(), query);
      expect({ status, errors: body.errors }).toEqual({ status: 400, errors: [{ field, detail }] });
    });
  });

  describe('403', () => {
    it('a key without scope media is refused', async () => {
      expect(await list(keyCaller('llm'))).toMatchObject({ status: 403, body: { scopes: ['media:read'] } });
    });
  });
});

describe('GET /media without a store', () => {
  describe('503', () => {
    it('says that the store does not answer', async () => {
      const lost = await startService('media-api', 'list-media-lost', { MEDIA_FOLDER: '/dev/null/media' });
      try {
        const headers = { 'x-gateway-identity': proofFor('media-api', caller()) };
        const answer = await fetch(`${lost.url}/media`, { headers });
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).toBe('5');
        expect(await answer.json()).toMatchObject({ type: '/docs/problems/media/store-unavailable' });
      } finally {
        await lost.stop();
      }
    });
  });
});
