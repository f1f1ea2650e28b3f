import { many } from './state.js';
import { Bytes } from './values.js';

interface Item {
  value: unknown;
  until: number;
}

const out = (value: unknown) => (typeof value === 'string' ? new Bytes(value) : value);

/** `ngx.shared.NAME`: one table per name, shared by everything in the process. */
export class SharedDict {
  readonly #items = new Map<string, Item>();

  #live(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (item && item.until <= Date.now()) return void this.#items.delete(key);
    return item;
  }

  #until = (ttl: unknown) => (typeof ttl === 'number' && ttl > 0 ? Date.now() + ttl * 1000 : Infinity);

  call(method: string, key: string, ...rest: unknown[]): unknown {
    const item = this.#live(key);
    const [value, ttl] = rest;
    switch (method) {
      case 'get':
        return many(out(item?.value), undefined);
      case 'get_stale':
        return many(out(item?.value), undefined, false);
      case 'set':
      case 'safe_set':
        return this.#set(key, value, ttl);
      case 'add':
      case 'safe_add':
        return item ? many(false, 'exists', false) : this.#set(key, value, ttl);
      case 'replace':
        return item ? this.#set(key, value, ttl) : many(false, 'not found', false);
      case 'incr':
        return this.#increase(item, key, Number(value), ttl, rest[2]);
      case 'delete':
        this.#items.delete(key);
        return true;
      case 'ttl':
        if (!item) return many(undefined, 'not found');
        return item.until === Infinity ? 0 : (item.until - Date.now()) / 1000;
      case 'expire':
        if (!item) return many(undefined, 'not found');
        item.until = this.#until(value);
        return true;
      default:
        return this.#list(method, item, key, value);
    }
  }

  #set(key: string, value: unknown, ttl: unknown): unknown {
    if (value === undefined) this.#items.delete(key);
    else this.#items.set(key, { value, until: this.#until(ttl) });
    return many(true, undefined, false);
  }

  #increase(item: Item | undefined, key: string, by: number, init: unknown, ttl: unknown): unknown {
    if (item && typeof item.value !== 'number') return many(undefined, 'not a number');
    if (!item && typeof init !== 'number') return many(undefined, 'not found');
    const sum = Number(item?.value ?? init) + by;
    if (item) item.value = sum;
    else this.#items.set(key, { value: sum, until: this.#until(ttl) });
    return many(sum, undefined, false);
  }

  #list(method: string, item: Item | undefined, key: string, value: unknown): unknown {
    const list = Array.isArray(item?.value) ? (item.value as unknown[]) : [];
    if (method === 'llen') return list.length;
    if (method === 'lpush' || method === 'rpush') {
      if (method === 'lpush') list.unshift(value);
      else list.push(value);
      this.#items.set(key, { value: list, until: item?.until ?? Infinity });
      return list.length;
    }
    return out(method === 'lpop' ? list.shift() : list.pop());
  }

  keys(max: number): Bytes[] {
    const live = [...this.#items.keys()].filter((key) => this.#live(key));
    return (max > 0 ? live.slice(0, max) : live).map((key) => new Bytes(key));
  }

  flush(onlyExpired: boolean): number {
    const before = this.#items.size;
    if (!onlyExpired) this.#items.clear();
    else for (const key of [...this.#items.keys()]) this.#live(key);
    return before - this.#items.size;
  }
}
