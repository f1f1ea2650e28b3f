import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { type S3Server, startS3 } from './s3-server.js';
import { type Answer } from './client.js';
import { checkAnswer } from './contract.js';
import { type Caller, caller, proofFor, type TestService, useService } from './service.js';

export const STORES = ['disk', 's3'] as const;
export type StoreName = (typeof STORES)[number];

/** The smallest content of each kind that is told by its first bytes, and of one that is not. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
export const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
export const TEXT = Buffer.from('Grüße, world\n');

/** A picture of any length: what comes after the end of a PNG is nobody's business. */
export function png(bytes: number): Buffer {
  return Buffer.concat([PNG, Buffer.alloc(Math.max(0, bytes - PNG.length), 7)]);
}

/** An answer with its bytes. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface Upload {
  readonly as: Caller;
  readonly type?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** media-api with a store of its own. */
export interface TestMedia extends TestService {
  /** Held to the OpenAPI document, as `call` is. */
  upload(content: Buffer | string | FormData, options: Upload): Promise<Answer>;
  /** The id of a file that is there now. */
  stored(as: Caller, content?: Buffer, type?: string, query?: string): Promise<string>;
  /** Bytes as they are; without the proof of a caller if there is none. */
  raw(
    method: string,
    path: string,
    options?: { as?: Caller; headers?: Record<string, string> },
  ): Promise<RawAnswer>;
  /** Everything the store holds that nobody is shown: parts of uploads that were never completed. */
  leftovers(): Promise<number>;
  /** As many objects as the store holds, whoever's. */
  objects(): Promise<number>;
  /** MEDIA_FOLDER. */
  readonly folder: string;
}

/** Starts media-api before the tests and stops it after them. */
export function useMedia(
  purpose: string,
  store: StoreName = 'disk',
  environment: Readonly<Record<string, string>> = {},
): TestMedia {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-media-'));
  let s3: S3Server | undefined;
  beforeAll(async () => {
    if (store === 's3') s3 = await startS3();
  });
  const service = useService('media-api', `${purpose}-${store}`, () => ({
    MEDIA_FOLDER: folder,
    MEDIA_KEEP_FREE_BYTES: '0',
    ...s3?.settings,
    ...environment,
  }));
  afterAll(async () => {
    await s3?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const send = async (method: string, path: string, init: RequestInit & { as?: Caller }) => {
    const { as, headers, ...rest } = init;
    const proof: Record<string, string> =
      as === undefined ? {} : { 'x-gateway-identity': proofFor('media-api', as) };
    return fetch(service.url + path, { ...rest, method, headers: { ...proof, ...(headers as object) } });
  };
  const names = (...path: string[]) => {
    try {
      return readdirSync(join(folder, ...path));
    } catch {
      return []; // nothing was ever stored
    }
  };
  const media: Omit<TestMedia, keyof TestService> = {
    folder,
    async upload(content, { as, type, query = '', headers = {} }) {
      const typed: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const body = content instanceof FormData ? content : new Uint8Array(Buffer.from(content as string));
      const response = await send('POST', `/media${query}`, { as, body, headers: { ...typed, ...headers } });
      const text = await response.text();
      const answer = { status: response.status, headers: response.headers, body: JSON.parse(text) };
      checkAnswer('POST', '/media', answer, 'media-api');
      return answer;
    },
    async stored(as, content = PNG, type = 'image/png', query = '') {
      const { status, body } = await media.upload(content, { as, type, query });
      if (status !== 201) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
      return body.id as string;
    },
    async raw(method, path, { as, headers } = {}) {
      const response = await send(method, path, { as, headers });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    },
    leftovers: async () => (store === 's3' ? s3!.unfinished() : names('incoming').length),
    objects: async () =>
      store === 's3'
        ? (await s3!.keys()).length
        : names('objects').reduce((sum, owner) => sum + names('objects', owner).length, 0),
  };
  return Object.create(service, Object.getOwnPropertyDescriptors(media)) as TestMedia;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A guest whom the gateway has let in. */
export function guestCaller(): Caller {
  return caller({ guest: true, email: undefined, roles: [] }, randomUUID());
}
