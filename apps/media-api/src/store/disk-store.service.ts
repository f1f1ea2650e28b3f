import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '#problem';
import { madeAt } from './media-id.js';
import type { ByteRange, MediaObject, MediaStore, NewObject, Usage } from './media-store.js';
import { ownerName } from './owner-name.js';
import { StoreFull, StoreUnavailable } from './store.problems.js';

const CONTENT = 'content';
const METADATA = 'metadata.json';

interface DiskOptions {
  readonly folder: string;
  /** An upload that would begin with less than this free is refused. */
  readonly keepFreeBytes: number;
}

/**
 * Objects in a folder: `objects/<owner>/<id>/` with the content and what is known of it. One is written below `incoming`,
 * synced, and moved to its place whole, which is atomic; it is removed the same way back. So a crash leaves things in
 * `incoming` at most, which nobody is shown.
 */
export class DiskStore implements MediaStore {
  constructor(private readonly options: DiskOptions) {}

  async put(owner: string, object: NewObject, content: Readable): Promise<MediaObject> {
    const unfinished = join(await this.incoming(), randomUUID());
    try {
      await this.assertRoom();
      await disk(() => mkdir(unfinished));
      const file = join(unfinished, CONTENT);
      await pipeline(content, createWriteStream(file, { flags: 'wx', flush: true }));
      return await disk(() => this.publish(unfinished, owner, object));
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw problemOf(error);
    }
  }

  async find(owner: string, id: string): Promise<MediaObject | undefined> {
    return found(async () => {
      const place = this.place(owner, id);
      const [text, { size }] = await Promise.all([
        readFile(join(place, METADATA), 'utf8'),
        stat(join(place, CONTENT)),
      ]);
      const { type, filename } = JSON.parse(text) as Pick<NewObject, 'type' | 'filename'>;
      return { id, type, filename, bytes: size, createdAt: madeAt(id) };
    });
  }

  async open(owner: string, id: string, range?: ByteRange): Promise<Readable | undefined> {
    const handle = await found(() => open(join(this.place(owner, id), CONTENT)));
    if (handle === undefined) return undefined;
    const part = range === undefined ? {} : { start: range.first, end: range.last };
    return handle.createReadStream(part);
  }

  async list(
    owner: string,
    { after = '', limit }: { after?: string; limit: number },
  ): Promise<readonly MediaObject[]> {
    const wanted = (await this.ids(owner))
      .sort()
      .filter((id) => id > after)
      .slice(0, limit);
    const objects = await Promise.all(wanted.map((id) => this.find(owner, id)));
    return objects.filter((object) => object !== undefined);
  }

  async usage(owner: string): Promise<Usage> {
    const ids = await this.ids(owner);
    const sizes = await Promise.all(
      ids.map(async (id) => (await found(() => stat(join(this.place(owner, id), CONTENT))))?.size ?? 0),
    );
    return { objects: ids.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  async remove(owner: string, id: string): Promise<boolean> {
    const leaving = join(await this.incoming(), randomUUID());
    const was = await found(async () => {
      await rename(this.place(owner, id), leaving);
      return true;
    });
    if (was === undefined) return false;
    await disk(() => rm(leaving, { recursive: true, force: true }));
    return true;
  }

  async tidy(before: Date): Promise<number> {
    const incoming = await this.incoming();
    let count = 0;
    for (const name of await disk(() => readdir(incoming))) {
      const folder = join(incoming, name);
      const last = (await found(() => stat(join(folder, CONTENT)))) ?? (await found(() => stat(folder)));
      if (last === undefined || last.mtime >= before) continue;
      await disk(() => rm(folder, { recursive: true, force: true }));
      count += 1;
    }
    return count;
  }

  private async publish(unfinished: string, owner: string, object: NewObject): Promise<MediaObject> {
    const { id, type, filename } = object;
    await writeFile(join(unfinished, METADATA), JSON.stringify({ type, filename }), { flush: true });
    const { size } = await stat(join(unfinished, CONTENT));
    const folder = join(this.options.folder, 'objects', ownerName(owner));
    await syncFolder(unfinished);
    await mkdir(folder, { recursive: true });
    await rename(unfinished, join(folder, id));
    await syncFolder(folder);
    return { ...object, bytes: size, createdAt: madeAt(id) };
  }

  private place(owner: string, id: string): string {
    return join(this.options.folder, 'objects', ownerName(owner), id);
  }

  private async ids(owner: string): Promise<string[]> {
    return (await found(() => readdir(join(this.options.folder, 'objects', ownerName(owner))))) ?? [];
  }

  private async incoming(): Promise<string> {
    const folder = join(this.options.folder, 'incoming');
    await disk(() => mkdir(folder, { recursive: true }));
    return folder;
  }

  private async assertRoom(): Promise<void> {
    const { bavail, bsize } = await disk(() => statfs(this.options.folder));
    if (bavail * bsize < this.options.keepFreeBytes) throw StoreFull();
  }
}

/** A rename is only sure to be there after a power cut when its folder is synced too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws {Problem} StoreFull, StoreUnavailable */
async function disk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw problemOf(error);
  }
}

/** As `disk`; undefined where there is no such file. */
async function found<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw problemOf(error);
  }
}

/** What the disk says as a problem; anything else, such as a content that breaks off, as it is. */
function problemOf(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof Problem || syscall === undefined || code === 'ECONNRESET') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return StoreFull(undefined, { cause: error });
  return StoreUnavailable(undefined, { cause: error });
}
