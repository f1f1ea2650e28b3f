import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sameButForRequestId } from '../../support/client.js';
import { PNG, STORES, useMedia } from '../../support/media.js';
import { caller, keyCaller, proofFor, startService } from '../../support/service.js';

describe.each(STORES)('GET /media/{id}/metadata on %s', (store) => {
  const media = useMedia('get-media-metadata', store);

  describe('200', () => {
    it('says what it is, as the upload and the list do', async () => {
      const as = caller();
      const { body: uploaded } = await media.upload(PNG, {
        as,
        type: 'image/png',
        query: '?filename=%F0%9F%98%80.png',
      });
      const { status, body } = await media.get(`/media/${uploaded.id}/metadata`, { as });
      expect({ status, body }).toEqual({ status: 200, body: uploaded });
      expect((await media.get('/media', { as })).body.items).toEqual([uploaded]);
      expect(body.filename).toBe('\u{1f600}.png');
    });

    it('a key with scope media:read may ask', async () => {
      const as = keyCaller('media');
      const id = await media.stored(as);
      const reader = { ...as, claims: { ...as.claims, scope: 'media:read' } };
      expect((await media.get(`/media/${id}/metadata`, { as: reader })).status).toBe(200);
    });
  });

  describe('404', () => {
    it("answers the same for another's file and for none", async () => {
      const theirs = await media.stored(caller());
      const as = caller();
      const answers = [];
      for (const id of [theirs, randomUUID()]) answers.push(await media.get(`/media/${id}/metadata`, { as }));
      expect(answers.map(({ status }) => status)).toEqual([404, 404]);
      expect(sameButForRequestId(answers)).toBe(true);
    });
  });
});

describe('GET /media/{id}/metadata without a store', () => {
  describe('503', () => {
    it('says that the store does not answer', async () => {
      const lost = await startService('media-api', 'metadata-lost', { MEDIA_FOLDER: '/dev/null/media' });
      try {
        const headers = { 'x-gateway-identity': proofFor('media-api', caller()) };
        const answer = await fetch(`${lost.url}/media/${randomUUID()}/metadata`, { headers });
        expect(answer.status).toBe(503);
      } finally {
        await lost.stop();
      }
    });
  });
});
