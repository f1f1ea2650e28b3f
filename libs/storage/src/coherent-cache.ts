import { LRUCache } from 'lru-cache';
import { type Change, ChangeFeed } from './change-feed.js';
import { StorageUnavailable } from './storage.problems.js';

const MAX_READS = 5;

export interface CoherentCacheOptions<V> {
  readonly max: number;
  /** The things whose change makes this value wrong. */
  dependsOn(value: V): readonly Change[];
}

/**
 * A cache over rows that is never behind an announced change: not by what it holds, and not by a slow read that was
 * under way when the change came (its result is read again). While the change feed is not trusted it holds nothing.
 */
export class CoherentCache<V extends object> {
  private readonly values: LRUCache<string, V>;
  private readonly dependants = new Map<string, Set<string>>();

  constructor(
    private readonly feed: ChangeFeed,
    private readonly options: CoherentCacheOptions<V>,
  ) {
    this.values = new LRUCache<string, V>({
      max: options.max,
      dispose: (value, key) => this.unlink(key, value),
    });
    feed.subscribe(
      (change) => this.forget(change),
      () => this.values.clear(),
    );
  }

  /** The value under `key`, loaded if need be; what is absent is not kept. */
  async get(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    if (this.feed.isTrusted) {
      const known = this.values.get(key);
      if (known !== undefined) return known;
    }
    for (let read = 0; read < MAX_READS; read++) {
      const mark = this.feed.mark();
      const value = await load();
      if (value === undefined) return undefined;
      const standing = this.feed.since(mark, this.options.dependsOn(value));
      if (standing === 'changed') continue;
      if (standing === 'unchanged') this.keep(key, value);
      return value;
    }
    throw StorageUnavailable(undefined, {
      cause: new Error(`value kept changing during ${MAX_READS} reads`),
    });
  }

  private keep(key: string, value: V): void {
    this.values.set(key, value);
    for (const dependency of this.options.dependsOn(value)) {
      const name = nameOf(dependency);
      const keys = this.dependants.get(name) ?? new Set();
      this.dependants.set(name, keys.add(key));
    }
  }

  private forget(change: Change): void {
    for (const key of [...(this.dependants.get(nameOf(change)) ?? [])]) this.values.delete(key);
  }

  private unlink(key: string, value: V): void {
    for (const dependency of this.options.dependsOn(value)) {
      const name = nameOf(dependency);
      const keys = this.dependants.get(name);
      keys?.delete(key);
      if (keys?.size === 0) this.dependants.delete(name);
    }
  }
}

function nameOf({ kind, id }: Change): string {
  return `${kind} ${id}`;
}
