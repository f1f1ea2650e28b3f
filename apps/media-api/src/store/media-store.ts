import type { Readable } from 'node:stream';

/** What is known of an object before its content has arrived. */
export interface NewObject {
  readonly id: string;
  /** Judged from the content; what it is served as. */
  readonly type: string;
  readonly filename: string | undefined;
}

/** A stored object. It never changes: another content is another object. */
export interface MediaObject extends NewObject {
  readonly bytes: number;
  readonly createdAt: Date;
}

/** Both ends included, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface Usage {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Keeps objects by their owner. Every object is there whole or not at all, also when the process or the machine ends
 * while one is written; one owner never reaches what is another's.
 *
 * Every method throws {Problem} StoreUnavailable when what is behind it does not work.
 */
export interface MediaStore {
  /** @throws {Problem} StoreFull @throws {unknown} what `content` fails with; nothing is left behind then */
  put(owner: string, object: NewObject, content: Readable): Promise<MediaObject>;
  find(owner: string, id: string): Promise<MediaObject | undefined>;
  /** The content, or a part of it that lies within. */
  open(owner: string, id: string, range?: ByteRange): Promise<Readable | undefined>;
  /** Newest first, those that come after `after` in that order. */
  list(owner: string, page: { after?: string; limit: number }): Promise<readonly MediaObject[]>;
  usage(owner: string): Promise<Usage>;
  /** @returns whether there was one */
  remove(owner: string, id: string): Promise<boolean>;
  /** Takes away what uploads before this moment have left unfinished. @returns how many */
  tidy(before: Date): Promise<number>;
}

export const MEDIA_STORE = Symbol('media store');
