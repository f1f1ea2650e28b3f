import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { sameButForRequestId } from '../../support/client.js';
import { PNG, png, sha256, STORES, SVG, useMedia } from '../../support/media.js';
import { type Caller, caller, keyCaller, proofFor, startService } from '../../support/service.js';

describe.each(STORES)('GET /media/{id} on %s', (store) => {
  const media = useMedia('fetch-media', store);
  const owner: Caller = caller();
  const content = Buffer.from('0123456789abcdefghij');
  let id: string;
  const fetched = (headers: Record<string, string> = {}, method = 'GET', as = owner) =>
    media.raw(method, `/media/${id}`, { as, headers });

  beforeAll(async () => {
    id = await media.stored(owner, content, 'text/plain', '?filename=d%C3%ADgits.txt');
  });

  describe('200', () => {
    it('gives the bytes with all that is known of them', async () => {
      const { status, headers, bytes } = await fetched();
      expect({ status, bytes: bytes.toString() }).toEqual({ status: 200, bytes: content.toString() });
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '20',
        'accept-ranges': 'bytes',
        etag: `"${id}"`,
        'cache-control': 'private, no-cache',
        'content-disposition': `inline; filename="d_gits.txt"; filename*=UTF-8''d%C3%ADgits.txt`,
        'x-content-type-options': 'nosniff',
      });
      expect(Date.parse(headers.get('last-modified') ?? '')).not.toBeNaN();
    });

    it('is an answer that the document declares', async () => {
      expect((await media.get(`/media/${id}`, { as: owner })).status).toBe(200);
    });

    it.each([
      ['image/svg+xml', SVG],
      ['text/html', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ])('%s is a download, and in a sandbox wherever it is opened', async (type, active) => {
      const as = caller();
      const place = `/media/${await media.stored(as, active, type)}`;
      const { headers } = await media.raw('GET', place, { as });
      expect(headers.get('content-type')).toContain(type);
      expect(headers.get('content-disposition')).toBe('attachment');
      expect(headers.get('content-security-policy')).toBe('sandbox');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    });

    it('HEAD says the same and sends nothing, also with a range', async () => {
      const [whole, head, ranged] = [
        await fetched(),
        await fetched({}, 'HEAD'),
        await fetched({ range: 'bytes=0-1' }, 'HEAD'),
      ];
      const told = ({ headers }: typeof whole) =>
        [...headers].filter(([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name));
      for (const answer of [head, ranged]) {
        expect({ status: answer.status, length: answer.bytes.length }).toEqual({ status: 200, length: 0 });
        expect(told(answer)).toEqual(told(whole));
      }
    });

    it.each(['lines=1-2', 'bytes=5-2', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=0-1,4-5', '1-2'])(
      'a range that says "%s" is not one that must be looked at',
      async (range) => {
        expect(await fetched({ range })).toMatchObject({ status: 200, bytes: content });
      },
    );

    it('a range of what was there before gets what is there now', async () => {
      for (const ifRange of ['"another"', `W/"${id}"`, 'Mon, 01 Jan 2001 00:00:00 GMT'])
        expect(await fetched({ range: 'bytes=0-1', 'if-range': ifRange })).toMatchObject({
          status: 200,
          bytes: content,
        });
    });

    it('large files come whole', async () => {
      const as = caller();
      const large = png(12 * 1024 * 1024);
      const place = `/media/${await media.stored(as, large)}`;
      expect(sha256((await media.raw('GET', place, { as })).bytes)).toBe(sha256(large));
    });

    it('a key with scope media:read may fetch its own', async () => {
      const as = keyCaller('media', 'media:read');
      const place = `/media/${await media.stored(as)}`;
      expect((await media.raw('GET', place, { as })).bytes).toEqual(PNG);
    });
  });

  describe('206', () => {
    it.each([
      ['bytes=0-4', '01234', 'bytes 0-4/20'],
      ['bytes=15-', 'fghij', 'bytes 15-19/20'],
      ['bytes=-3', 'hij', 'bytes 17-19/20'],
      ['bytes=-100', '0123456789abcdefghij', 'bytes 0-19/20'],
      ['bytes=18-100', 'ij', 'bytes 18-19/20'],
      ['BYTES=19-19', 'j', 'bytes 19-19/20'],
    ])('%s', async (range, part, contentRange) => {
      const { status, headers, bytes } = await fetched({ range });
      expect({ status, part: bytes.toString() }).toEqual({ status: 206, part });
      expect(headers.get('content-range')).toBe(contentRange);
      expect(headers.get('content-length')).toBe(String(part.length));
      expect(headers.get('etag')).toBe(`"${id}"`);
    });

    it('with If-Range that holds', async () => {
      const lastModified = (await fetched()).headers.get('last-modified') ?? '';
      for (const ifRange of [`"${id}"`, lastModified])
        expect((await fetched({ range: 'bytes=0-0', 'if-range': ifRange })).bytes.toString()).toBe('0');
      const { status } = await media.get(`/media/${id}`, { as: owner, headers: { range: 'bytes=8-11' } });
      expect(status).toBe(206);
    });
  });

  describe('304', () => {
    it('for whoever has it already', async () => {
      const lastModified = (await fetched()).headers.get('last-modified') ?? '';
      const cases: Record<string, string>[] = [
        { 'if-none-match': `"${id}"` },
        { 'if-none-match': `"x", W/"${id}"` },
        { 'if-none-match': '*' },
        { 'if-modified-since': lastModified },
        { 'if-none-match': `"${id}"`, range: 'bytes=0-1' },
      ];
      for (const headers of cases)
        for (const method of ['GET', 'HEAD']) {
          const answer = await fetched(headers, method);
          expect({ status: answer.status, length: answer.bytes.length }).toEqual({ status: 304, length: 0 });
          expect(answer.headers.get('etag')).toBe(`"${id}"`);
        }
      const { status } = await media.get(`/media/${id}`, { as: owner, headers: { 'if-none-match': '*' } });
      expect(status).toBe(304);
    });

    it('and not for who has something else, whatever the date says', async () => {
      const headers = { 'if-none-match': '"x"', 'if-modified-since': new Date().toUTCString() };
      expect((await fetched(headers)).status).toBe(200);
    });
  });

  describe('404', () => {
    it("answers the same for another's file, for one that is deleted and for none", async () => {
      const [theirs, gone] = [await media.stored(caller()), await media.stored(owner)];
      await media.call('DELETE', `/media/${gone}`, { as: owner });
      const answers = [];
      for (const one of [theirs, gone, randomUUID(), randomUUID().toUpperCase()])
        answers.push(await media.get(`/media/${one}`, { as: owner }));
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      expect(sameButForRequestId(answers)).toBe(true);
    });
  });

  describe('400', () => {
    it.each(['nope', '..%2f..%2fetc', '%00'])('an id that is none: %s', async (bad) => {
      const { status, body } = await media.get(`/media/${bad}`, { as: owner });
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'id', detail: 'must be a UUID' }],
      });
    });
  });

  describe('412', () => {
    it('for whoever wants only what it is not', async () => {
      const cases: Record<string, string>[] = [
        { 'if-match': '"x"' },
        { 'if-match': `W/"${id}"` },
        { 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
      ];
      for (const headers of cases) {
        const { status, body } = await media.get(`/media/${id}`, { as: owner, headers });
        expect({ status, type: body.type }).toEqual({
          status: 412,
          type: '/docs/problems/media/precondition-failed',
        });
      }
      expect((await fetched({ 'if-match': `"x", "${id}"` })).status).toBe(200);
    });
  });

  describe('416', () => {
    it.each(['bytes=20-', 'bytes=99-100', 'bytes=-0'])('%s of 20 bytes', async (range) => {
      const { status, headers, body } = await media.get(`/media/${id}`, { as: owner, headers: { range } });
      expect({ status, body }).toMatchObject({
        status: 416,
        body: { type: '/docs/problems/media/range-not-satisfiable', bytes: 20 },
      });
      expect(headers.get('content-range')).toBe('bytes */20');
    });
  });

  it('a client that goes away in the middle of a download disturbs nobody', async () => {
    const as = caller();
    const place = `/media/${await media.stored(as, png(12 * 1024 * 1024))}`;
    const gone = new AbortController();
    const headers = { 'x-gateway-identity': proofFor('media-api', as) };
    const answer = await fetch(media.url + place, { headers, signal: gone.signal });
    await answer.body?.getReader().read();
    gone.abort();
    expect((await media.raw('GET', `/media/${id}`, { as: owner })).bytes).toEqual(content);
    expect(media.process.output()).not.toContain('"level":"error"');
  });
});

describe('GET /media/{id} without a store', () => {
  describe('503', () => {
    it('says that the store does not answer, which is not a 404', async () => {
      const lost = await startService('media-api', 'fetch-media-lost', {
        MEDIA_STORE: 's3',
        S3_ENDPOINT: 'http://127.0.0.1:1',
        S3_BUCKET: 'none',
        S3_ACCESS_KEY_ID: 'x',
        S3_SECRET_ACCESS_KEY: 'unused-here',
      });
      try {
        const headers = { 'x-gateway-identity': proofFor('media-api', caller()) };
        const answer = await fetch(`${lost.url}/media/${randomUUID()}`, { headers });
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({ type: '/docs/problems/media/store-unavailable' });
      } finally {
        await lost.stop();
      }
    });
  });
});
