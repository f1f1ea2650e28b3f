import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import type { TestGuest, TestMember } from '../../support/client.js';
import { type Edge, startEdge } from '../../support/edge.js';
import { PNG, png, sha256, SVG } from '../../support/media.js';
import { type RunningService, startService } from '../../support/service.js';

const MEGABYTE = 1024 * 1024;

interface Sent {
  readonly token?: string;
  readonly apiKey?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

describe('files through the gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-media-journey-'));
  let media: RunningService;
  let edge: Edge;
  let ann: TestMember;
  let guest: TestGuest;

  beforeAll(async () => {
    media = await startService('media-api', 'media-journey', {
      MEDIA_FOLDER: folder,
      MEDIA_KEEP_FREE_BYTES: '0',
    });
    edge = await startEdge('edge-media', { topology: { MEDIA_API_URL: media.url } });
    [ann, guest] = [await edge.member(), await edge.guest()];
  }, 120_000);
  afterAll(async () => {
    await edge?.stop();
    await media?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = (method: string, path: string, { token, apiKey, type, headers, body }: Sent) =>
    fetch(`${edge.nodes[0]?.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      body: body === undefined ? undefined : new Uint8Array(body),
    });
  const upload = async (sent: Sent) => {
    const answer = await send('POST', '/media', { type: 'image/png', ...sent });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  };

  /** Of the process that keeps the files. */
  const memory = async (): Promise<number> => {
    const text = await (await fetch(`${media.internalUrl}/metrics`)).text();
    return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1]);
  };

  it('a guest keeps a file, sees it, fetches a part of it and deletes it', async () => {
    const token = guest.accessToken;
    const id = await upload({ token, body: PNG });
    const list = (await (await send('GET', '/media', { token })).json()) as { items: { id: string }[] };
    expect(list.items.map((item) => item.id)).toEqual([id]);
    const part = await send('GET', `/media/${id}`, { token, headers: { range: 'bytes=1-3' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 1-3/${PNG.length}`);
    expect(await part.text()).toBe('PNG');
    const head = await send('HEAD', `/media/${id}`, { token });
    expect(head.headers.get('content-length')).toBe(String(PNG.length));
    expect((await send('DELETE', `/media/${id}`, { token })).status).toBe(204);
    expect((await send('GET', `/media/${id}`, { token })).status).toBe(404);
  });

  it("a person's key sees the person's files, and nobody else does", async () => {
    const id = await upload({ token: ann.accessToken, body: SVG, type: 'image/svg+xml' });
    const { key } = await edge.key(ann);
    const mine = await send('GET', `/media/${id}`, { apiKey: key });
    expect(mine.status).toBe(200);
    expect(mine.headers.get('content-disposition')).toBe('attachment');
    expect(mine.headers.get('content-security-policy')).toBe('sandbox');
    const theirs = await send('GET', `/media/${id}`, { token: guest.accessToken });
    expect(theirs.status).toBe(404);
    expect((await send('GET', `/media/${id}`, {})).status).toBe(401);
  });

  it('a key without scope media neither reads nor writes', async () => {
    const { key } = await edge.key(ann, { name: 'chat only', scopes: ['llm'] });
    for (const method of ['GET', 'POST'])
      expect((await send(method, '/media', { apiKey: key })).status).toBe(403);
  });

  it('a file that is too long is refused, and nothing of it stays', async () => {
    const answer = await send('POST', '/media', {
      token: ann.accessToken,
      type: 'image/png',
      body: png(26 * MEGABYTE),
    });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ type: '/docs/problems/media/too-large' });
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  });

  it('ten files of 20 MB at once arrive whole, and are not held in memory', async () => {
    // Her token still says that she is a guest, who may keep less; her key does not.
    const { key: apiKey } = await edge.key(ann);
    const large = png(20 * MEGABYTE);
    await upload({ apiKey, body: large });
    const before = await memory();
    let highest = before;
    const watch = setInterval(() => void memory().then((now) => (highest = Math.max(highest, now))), 50);
    try {
      const ids = await Promise.all(Array.from({ length: 10 }, () => upload({ apiKey, body: large })));
      const back = await send('GET', `/media/${ids.at(-1)}`, { apiKey });
      expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(large));
    } finally {
      clearInterval(watch);
    }
    highest = Math.max(highest, await memory());
    expect(highest - before).toBeLessThan(100 * MEGABYTE);
  }, 120_000);

  it('a client that goes away in mid-upload leaves nothing', async () => {
    const gone = new AbortController();
    const pieces = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new Uint8Array(png(2 * MEGABYTE))),
    });
    const sending = fetch(`${edge.nodes[0]?.url}/media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${guest.accessToken}`, 'content-type': 'image/png' },
      body: pieces,
      duplex: 'half',
      signal: gone.signal,
    });
    const ended = expect(sending).rejects.toThrow();
    await eventually(() => readdirSync(join(folder, 'incoming')).length === 1, 'the upload is under way');
    gone.abort();
    await ended;
    await eventually(() => readdirSync(join(folder, 'incoming')).length === 0, 'nothing is left behind');
  });
});
