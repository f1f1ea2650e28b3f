import { once } from 'node:events';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { guestCaller, PNG, png, sha256, STORES, SVG, TEXT, useMedia } from '../../support/media.js';
import { type Caller, caller, keyCaller, proofFor, startService } from '../../support/service.js';

const MEGABYTE = 1024 * 1024;
const MAX_BYTES = 12 * MEGABYTE;
const QUOTA = {
  MEDIA_QUOTA_OBJECTS: '100',
  MEDIA_QUOTA_BYTES: String(200 * MEGABYTE),
  MEDIA_GUEST_QUOTA_OBJECTS: '5',
  MEDIA_GUEST_QUOTA_BYTES: String(13 * MEGABYTE),
};

describe.each(STORES)('POST /media on %s', (store) => {
  const media = useMedia('upload-media', store, { MEDIA_MAX_BYTES: String(MAX_BYTES), ...QUOTA });

  /** An upload of any length that no client library counts: only what is written goes out. */
  const begin = (as: Caller, headers: Record<string, string>): ClientRequest =>
    httpRequest(`${media.url}/media`, {
      method: 'POST',
      headers: { 'x-gateway-identity': proofFor('media-api', as), ...headers },
      agent: false,
    });

  const form = (files: readonly (readonly [name: string, content: Buffer, type: string])[]): FormData => {
    const data = new FormData();
    for (const [name, content, type] of files)
      data.append('file', new Blob([new Uint8Array(content)], { type }), name);
    return data;
  };

  describe('201', () => {
    it('keeps the bytes as they are, and says what it keeps and where', async () => {
      const as = caller();
      const content = png(11 * MEGABYTE);
      const { status, headers, body } = await media.upload(content, {
        as,
        type: 'image/png',
        query: '?filename=holiday.png',
      });
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.any(String),
        filename: 'holiday.png',
        type: 'image/png',
        bytes: content.length,
        created_at: expect.any(String),
      });
      expect(Math.abs(Date.parse(body.created_at) - Date.now())).toBeLessThan(60_000);
      const place = new URL(headers.get('location') ?? '', `${media.url}/media`).pathname;
      const { bytes } = await media.raw('GET', place, { as });
      expect(sha256(bytes)).toBe(sha256(content));
    });

    it.each([
      ['a form', () => form([['photo.png', PNG, 'image/png']]), {}, 'photo.png'],
      ['a form without a type', () => form([['photo.png', PNG, '']]), {}, 'photo.png'],
      ['a path in a form', () => form([['../../etc/photo.png', PNG, 'image/png']]), {}, 'photo.png'],
      [
        'Content-Disposition',
        () => PNG,
        { 'content-disposition': `attachment; filename="x.png"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.png` },
        'Grüße.png',
      ],
      [
        'a path in Content-Disposition',
        () => PNG,
        { 'content-disposition': 'inline; filename="C:\\\\a\\\\b.png"' },
        'b.png',
      ],
      ['nothing', () => PNG, {}, null],
    ] as const)('takes the name from %s', async (_, content, headers, filename) => {
      const { status, body } = await media.upload(content(), { as: caller(), headers });
      expect({ status, body }).toMatchObject({
        status: 201,
        body: { filename, type: 'image/png', bytes: PNG.length },
      });
    });

    it.each([
      ['image/jpg', Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'), 'image/jpeg'],
      ['application/pdf', Buffer.from('%PDF-1.7\n%%EOF\n'), 'application/pdf'],
      ['application/octet-stream', Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1'), 'image/gif'],
      ['text/plain; charset=UTF-8', TEXT, 'text/plain'],
      ['text/csv', Buffer.from('a;b\n1;2\n'), 'text/csv'],
      ['text/markdown', Buffer.from('# Title\n'), 'text/markdown'],
      ['application/json', Buffer.from(' [1, {"a": null}]'), 'application/json'],
      ['text/html', Buffer.from('<!-- x -->\n<!DOCTYPE html><p>x'), 'text/html'],
      ['image/svg+xml', SVG, 'image/svg+xml'],
    ])('what says it is %s and is', async (type, content, kept) => {
      const { status, body } = await media.upload(content, { as: caller(), type });
      expect({ status, type: body.type }).toEqual({ status: 201, type: kept });
    });

    it('where the gateway has taken /apis/media away, too', async () => {
      const as = caller();
      const { status, headers, bytes } = await media.raw('GET', '/?limit=1', { as });
      expect({ status, ...JSON.parse(bytes.toString()) }).toEqual({
        status: 200,
        items: [],
        next_cursor: null,
      });
      expect(headers.get('x-principal-id')).toBe(as.id);
      const id = await media.stored(as);
      expect((await media.raw('GET', `/${id}`, { as })).bytes).toEqual(PNG);
      expect((await media.raw('GET', `/${id}/metadata`, { as })).status).toBe(200);
    });
  });

  describe('400', () => {
    it.each([
      ['nothing', (): string => '', { type: 'image/png' }, 'body', 'must not be empty'],
      [
        'two files',
        () =>
          form([
            ['a.png', PNG, 'image/png'],
            ['b.png', PNG, 'image/png'],
          ]),
        {},
        'body',
        'must be one file and nothing else',
      ],
      ['a form without a file', () => new FormData(), {}, 'body', 'must be one file and nothing else'],
      [
        'a name that is too long',
        () => PNG,
        { query: `?filename=${'x'.repeat(151)}` },
        'filename',
        'must have at most 150 characters',
      ],
      [
        'a name with a line break',
        () => PNG,
        { query: '?filename=a%0Ab' },
        'filename',
        'must not contain control characters',
      ],
      [
        'a question it does not know',
        () => PNG,
        { query: '?name=a' },
        'name',
        'is not a field of this request',
      ],
    ] as const)('%s', async (_, content, options, field, detail) => {
      const as = caller();
      const before = await media.objects();
      const { status, body } = await media.upload(content(), { as, ...options });
      expect({ status, errors: body.errors }).toMatchObject({ status: 400, errors: [{ field, detail }] });
      expect([await media.objects(), await media.leftovers()]).toEqual([before, 0]);
    });
  });

  describe('409', () => {
    it('a guest keeps few files, also when he sends many at once, and may go on when he deletes one', async () => {
      const as = guestCaller();
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => media.upload(PNG, { as, type: 'image/png' })),
      );
      const kept = answers.filter(({ status }) => status === 201);
      expect(kept).toHaveLength(5);
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
        type: '/docs/problems/media/quota-reached',
        max_objects: 5,
      });
      expect((await media.get('/media', { as })).body.items).toHaveLength(5);
      await media.call('DELETE', `/media/${kept[0]?.body.id}`, { as });
      await media.stored(as);
    });

    it('and few bytes, whether he says how many they are or not', async () => {
      const as = guestCaller();
      await media.stored(as, png(8 * MEGABYTE));
      expect((await media.upload(png(8 * MEGABYTE), { as, type: 'image/png' })).status).toBe(409);
      const sending = begin(as, { 'content-type': 'image/png', 'transfer-encoding': 'chunked' });
      sending.on('error', () => undefined);
      sending.end(png(8 * MEGABYTE));
      const [answer] = (await once(sending, 'response')) as [{ statusCode: number }];
      expect(answer.statusCode).toBe(409);
      sending.destroy();
      expect((await media.get('/media', { as })).body.items).toHaveLength(1);
      await eventually(async () => (await media.leftovers()) === 0, 'nothing is left behind');
    });
  });

  describe('413', () => {
    it.each([
      ['says so beforehand', () => png(MAX_BYTES + 1)],
      ['is in a form', () => form([['a.png', png(MAX_BYTES + 1), 'image/png']])],
    ] as const)('a file that is too long and %s leaves nothing', async (_, content) => {
      const as = caller();
      const { status, body } = await media.upload(content(), {
        as,
        ...(content() instanceof FormData ? {} : { type: 'image/png' }),
      });
      expect({ status, body }).toMatchObject({
        status: 413,
        body: { type: '/docs/problems/media/too-large', max_bytes: MAX_BYTES },
      });
      expect((await media.get('/media', { as })).body.items).toEqual([]);
      await eventually(async () => (await media.leftovers()) === 0, 'nothing is left behind');
    });

    it('a file that does not say how long it is, and never ends, is cut off', async () => {
      const as = caller();
      const sending = begin(as, { 'content-type': 'image/png', 'transfer-encoding': 'chunked' });
      const cut = new Promise((resolve) => sending.once('close', resolve));
      sending.on('error', () => undefined);
      const answered = once(sending, 'response') as Promise<[{ statusCode: number; resume(): void }]>;
      sending.write(PNG);
      const feed = setInterval(() => sending.write(Buffer.alloc(MEGABYTE)), 5);
      try {
        const [answer] = await answered;
        answer.resume();
        expect(answer.statusCode).toBe(413);
        await cut;
      } finally {
        clearInterval(feed);
      }
      await eventually(async () => (await media.leftovers()) === 0, 'nothing is left behind');
    });

    it('one of just the length is kept', async () => {
      expect((await media.upload(png(MAX_BYTES), { as: caller(), type: 'image/png' })).status).toBe(201);
    });
  });

  describe('415', () => {
    it.each([
      [
        'image/png',
        Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'),
        'image/png',
        'image/jpeg',
      ],
      ['text/plain', PNG, 'text/plain', 'image/png'],
      ['image/png', SVG, 'image/png', 'image/svg+xml'],
      ['text/plain', Buffer.from('<html><script>alert(1)</script>'), 'text/plain', 'text/html'],
      ['text/plain', Buffer.from('a\0b'), 'text/plain', 'application/octet-stream'],
      ['text/plain', Buffer.from('caf\xe9 au lait', 'latin1'), 'text/plain', 'application/octet-stream'],
      [
        'text/plain',
        Buffer.concat([Buffer.alloc(5000, 'a'), Buffer.from([0xff])]),
        'text/plain',
        'application/octet-stream',
      ],
      ['application/json', Buffer.from('hello'), 'application/json', 'text/plain'],
    ])('what says it is %s and is not is refused with both named', async (type, content, claimed, found) => {
      const as = caller();
      const { status, body } = await media.upload(content, { as, type });
      expect({ status, body }).toMatchObject({
        status: 415,
        body: { type: '/docs/problems/media/type-mismatch', claimed, found },
      });
      expect((await media.get('/media', { as })).body.items).toEqual([]);
    });

    it.each([
      ['application/zip', Buffer.from('PK\x03\x04'), 'application/zip'],
      ['text/plain; charset=utf-16', TEXT, 'text/plain; charset=utf-16'],
      [undefined, Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'), 'application/x-msdownload'],
    ])('what is %s is not kept at all', async (type, content, found) => {
      const { status, body } = await media.upload(content, { as: caller(), type });
      expect({ status, body }).toMatchObject({
        status: 415,
        body: { type: '/docs/problems/media/type-not-allowed', found },
      });
    });

    it('another operation takes no body of another kind', async () => {
      const { status } = await media.call('DELETE', `/media/${crypto.randomUUID()}`, {
        as: caller(),
        body: { surprise: 1 },
      });
      expect(status).toBe(415);
    });
  });

  describe('503', () => {
    it('a store that does not answer is said to, and leaves the service alive', async () => {
      const nowhere =
        store === 's3'
          ? {
              MEDIA_STORE: 's3',
              S3_ENDPOINT: 'http://127.0.0.1:1',
              S3_BUCKET: 'none',
              S3_ACCESS_KEY_ID: 'x',
              S3_SECRET_ACCESS_KEY: 'unused-here',
            }
          : { MEDIA_FOLDER: '/dev/null/media' };
      const lost = await startService('media-api', 'upload-media-lost', nowhere);
      try {
        const answer = await fetch(`${lost.url}/media`, {
          method: 'POST',
          headers: { 'x-gateway-identity': proofFor('media-api', caller()), 'content-type': 'image/png' },
          body: new Uint8Array(PNG),
        });
        expect(answer.status).toBe(503);
        expect(await answer.json()).toMatchObject({ type: '/docs/problems/media/store-unavailable' });
        expect((await fetch(`${lost.url}/healthz`)).status).toBe(200);
      } finally {
        await lost.stop();
      }
    });
  });

  it('a client that goes away in the middle leaves nothing', async () => {
    const as = caller();
    const before = await media.objects();
    const sending = begin(as, { 'content-type': 'image/png', 'content-length': String(11 * MEGABYTE) });
    sending.on('error', () => undefined);
    sending.write(png(7 * MEGABYTE));
    await eventually(async () => (await media.leftovers()) === 1, 'the upload is under way');
    sending.destroy();
    await eventually(async () => (await media.leftovers()) === 0, 'nothing is left behind');
    expect(await media.objects()).toBe(before);
    expect((await media.get('/media', { as })).body.items).toEqual([]);
  });

  it('a key without scope media may not, and nothing of its body is read', async () => {
    for (const as of [keyCaller('llm'), keyCaller('media:read')]) {
      const { status, body } = await media.upload(PNG, { as, type: 'image/png' });
      expect({ status, scopes: body.scopes }).toEqual({ status: 403, scopes: ['media'] });
    }
  });
});

describe('POST /media on a disk', () => {
  const media = useMedia('upload-media-disk');

  describe('507', () => {
    it('a disk that is nearly full takes no more', async () => {
      const full = await startService('media-api', 'upload-media-full', {
        MEDIA_FOLDER: media.folder,
        MEDIA_KEEP_FREE_BYTES: String(2 ** 52),
      });
      try {
        const answer = await fetch(`${full.url}/media`, {
          method: 'POST',
          headers: { 'x-gateway-identity': proofFor('media-api', caller()), 'content-type': 'image/png' },
          body: new Uint8Array(PNG),
        });
        expect(answer.status).toBe(507);
        expect(await answer.json()).toMatchObject({ type: '/docs/problems/media/store-full' });
      } finally {
        await full.stop();
      }
      expect(await media.leftovers()).toBe(0);
    });
  });

  it('what a crash has left is cleared away at the next start, and what is under way stays', async () => {
    const incoming = join(media.folder, 'incoming');
    for (const [name, ageMs] of [
      ['old', 2 * 3600_000],
      ['young', 0],
    ] as const) {
      const file = join(incoming, name, 'content');
      mkdirSync(join(incoming, name), { recursive: true });
      writeFileSync(file, PNG);
      const time = new Date(Date.now() - ageMs);
      utimesSync(file, time, time);
    }
    const next = await startService('media-api', 'upload-media-next', { MEDIA_FOLDER: media.folder });
    try {
      await eventually(async () => (await media.leftovers()) === 1, 'the old one is gone');
    } finally {
      await next.stop();
    }
  });

  it('whoever the principal is, his files stay below the folder', async () => {
    const as = caller({}, '../../../../tmp/x');
    const id = await media.stored(as);
    expect((await media.raw('GET', `/media/${id}`, { as })).bytes).toEqual(PNG);
    expect(await media.objects()).toBeGreaterThan(0);
  });
});
