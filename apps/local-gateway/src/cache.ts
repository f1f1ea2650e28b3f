export interface CacheEntry {
  readonly value: unknown;
  /** Milliseconds; undefined: for ever. */
  readonly expiresAt?: number;
  readonly isNegative: boolean;
}

const LIMIT = 200_000;

/** Kong's cache on one node: values until they expire, and one holder per key while it is made. */
export class NodeCache {
  readonly #entries = new Map<string, CacheEntry>();
  readonly #held = new Map<string, (() => void)[]>();

  /** A live entry. */
  peek(key: string): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || (entry.expiresAt !== undefined && entry.expiresAt <= Date.now())) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry); // the last used goes last out
    return entry;
  }

  probe(key: string): CacheEntry | undefined {
    return this.peek(key);
  }

  /** An expired entry that is still held: what may be served while the callback fails. */
  stale(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: CacheEntry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > LIMIT)
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
  }

  invalidate(key: string): void {
    this.#entries.delete(key);
  }

  purge(): void {
    this.#entries.clear();
  }

  /** Resolves to true when the key is ours to make; to false after `ms` of waiting for another. */
  lock(key: string, ms: number): Promise<boolean> | true {
    const waiting = this.#held.get(key);
    if (!waiting) {
      this.#held.set(key, []);
      return true;
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(go), 1);
        resolve(false);
      }, ms);
      const go = () => {
        clearTimeout(timer);
        resolve(true);
      };
      waiting.push(go);
    });
  }

  unlock(key: string): void {
    const waiting = this.#held.get(key);
    const next = waiting?.shift();
    if (next) next();
    else this.#held.delete(key);
  }
}
