import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { type ByteRange, MEDIA_STORE, type MediaObject, type MediaStore } from '../store/index.js';
import { MediaNotFound } from './media.problems.js';

interface Page {
  readonly items: readonly MediaObject[];
  readonly nextCursor: string | undefined;
}

/** A principal's files. Another's do not exist. */
@Injectable()
export class MediaService {
  constructor(@Inject(MEDIA_STORE) private readonly store: MediaStore) {}

  /** Newest first. */
  async list(owner: string, { cursor, limit }: { cursor?: string; limit: number }): Promise<Page> {
    const after = cursor?.toLowerCase();
    const found = await this.store.list(owner, { after, limit: limit + 1 });
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? items.at(-1)?.id : undefined };
  }

  /** @throws {Problem} MediaNotFound */
  async get(owner: string, id: string): Promise<MediaObject> {
    return (await this.store.find(owner, id.toLowerCase())) ?? missing();
  }

  /** @throws {Problem} MediaNotFound: deleted since it was got */
  async open(owner: string, { id }: MediaObject, range?: ByteRange): Promise<Readable> {
    return (await this.store.open(owner, id, range)) ?? missing();
  }

  /** @throws {Problem} MediaNotFound */
  async delete(owner: string, id: string): Promise<void> {
    if (!(await this.store.remove(owner, id.toLowerCase()))) missing();
  }
}

function missing(): never {
  throw MediaNotFound();
}
