import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sameButForRequestId } from '../../support/client.js';
import { STORES, useMedia } from '../../support/media.js';
import { caller, keyCaller, proofFor, startService } from '../../support/service.js';

describe.each(STORES)('DELETE /media/{id} on %s', (store) => {
  const media = useMedia('delete-media', store);
  const remove = (id: string, as: ReturnType<typeof caller>) => media.call('DELETE', `/media/${id}`, { as });

  describe('204', () => {
    it('it is gone from everywhere, and nothing else is', async () => {
      const as = caller();
      const [kept, gone] = [await media.stored(as), await media.stored(as)];
      const before = await media.objects();
      expect(await remove(gone, as)).toMatchObject({ status: 204, body: undefined });
      expect((await media.get(`/media/${gone}`, { as })).status).toBe(404);
      expect((await media.get('/media', { as })).body.items.map(({ id }: { id: string }) => id)).toEqual([
        kept,
      ]);
      expect([await media.objects(), await media.leftovers()]).toEqual([before - 1, 0]);
    });
  });

  describe('403', () => {
    it('a key that may only read may not', async () => {
      const as = keyCaller('media:read');
      expect(await remove(randomUUID(), as)).toMatchObject({ status: 403, body: { scopes: ['media'] } });
    });
  });

  describe('404', () => {
    it("answers the same for another's file, which stays, for one that is gone and for none", async () => {
      const [as, another] = [caller(), caller()];
      const [mine, theirs] = [await media.stored(as), await media.stored(another)];
      await remove(mine, as);
      const answers = [];
      for (const id of [theirs, mine, randomUUID()]) answers.push(await remove(id, as));
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(sameButForRequestId(answers)).toBe(true);
      expect((await media.raw('GET', `/media/${theirs}`, { as: another })).status).toBe(200);
    });
  });
});

describe('DELETE /media/{id} without a store', () => {
  describe('503', () => {
    it('says that the store does not answer', async () => {
      const lost = await startService('media-api', 'delete-lost', { MEDIA_FOLDER: '/dev/null/media' });
      try {
        const headers = { 'x-gateway-identity': proofFor('media-api', caller()) };
        const answer = await fetch(`${lost.url}/media/${randomUUID()}`, { method: 'DELETE', headers });
        expect(answer.status).toBe(503);
      } finally {
        await lost.stop();
      }
    });
  });
});
