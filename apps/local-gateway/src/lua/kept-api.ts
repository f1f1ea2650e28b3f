import type { Gateway } from '../gateway.js';
import type { Entity } from '../entities/value.js';
import { LuaRun } from './run.js';
import { type LuaState, many, type Native } from './state.js';
import { Bytes, Kept } from './values.js';

interface Remembered {
  readonly value: unknown;
  readonly flags: unknown;
  readonly until: number;
}
const nameOf = (key: unknown): string =>
  key instanceof Bytes ? `s${key.buffer.toString('latin1')}` : `${typeof key}${String(key)}`;

/** Functions that are handed Lua values as they are: callbacks, and tables that must stay the same table. */
export function keptApi(
  gateway: Gateway,
  state: LuaState<LuaRun>,
  held: Held,
): Readonly<Record<string, Native>> {
  const later = (fn: unknown, args: readonly unknown[], plugin: string) => {
    if (!(fn instanceof Kept)) return Promise.resolve();
    const run = new LuaRun('timer');
    run.plugin = plugin;
    return state.run(run, fn, ...args).then(
      () => undefined,
      (error: unknown) => gateway.log.error({ err: error, plugin }, 'timer failed'),
    );
  };
  return {
    timer_at: (delay: number, fn: Kept, ...args: unknown[]) => {
      const plugin = state.current?.plugin ?? '';
      const timer = setTimeout(() => {
        held.timers.delete(timer);
        void later(fn, [false, ...args], plugin);
      }, delay * 1000);
      held.timers.add(timer.unref());
      return true;
    },
    timer_every: (delay: number, fn: Kept, ...args: unknown[]) => {
      const plugin = state.current?.plugin ?? '';
      let isRunning = false;
      const timer = setInterval(() => {
        if (isRunning) return;
        isRunning = true;
        void later(fn, [false, ...args], plugin).finally(() => (isRunning = false));
      }, delay * 1000);
      held.timers.add(timer.unref());
      return true;
    },
    thread_spawn: (fn: Kept, ...args: unknown[]) => {
      const run = state.current ?? new LuaRun('thread');
      return held.spawned(state.run(run, fn, ...args));
    },
    cache_set: (name: Bytes, key: Bytes, value: unknown, seconds: number) => {
      const cache = name.buffer.toString() === 'core_cache' ? gateway.coreCache : gateway.cache;
      const expiresAt = seconds > 0 ? Date.now() + seconds * 1000 : undefined;
      cache.set(key.buffer.toString('latin1'), {
        value,
        expiresAt,
        isNegative: value === undefined || value === null,
      });
    },
    authenticate: (consumer: unknown, credential: unknown) => {
      const exchange = state.current?.exchange;
      if (!exchange) throw new Error('function cannot be called in timer phase');
      exchange.consumer = entityOf(state, consumer);
      exchange.credential = entityOf(state, credential);
    },
    lru_get: (id: number, key: unknown) => held.get(id, nameOf(key)),
    lru_set: (id: number, key: unknown, value: unknown, ttl: unknown, flags: unknown) =>
      held.set(id, nameOf(key), {
        value,
        flags,
        until: typeof ttl === 'number' && ttl > 0 ? Date.now() + ttl * 1000 : Infinity,
      }),
    lru_delete: (id: number, key: unknown) => held.delete(id, nameOf(key)),
  };
}

/** Our plugins read it as JavaScript, Lua gets its own table back. */
function entityOf(state: LuaState<LuaRun>, value: unknown): Entity | undefined {
  if (!(value instanceof Kept)) return undefined;
  const entity = state.copy(value) as Entity;
  Object.defineProperty(entity, '__lua', { value, enumerable: false });
  return entity;
}

/** What Lua holds by number: the tables of `resty.lrucache`, threads that run beside; and its timers. */
export class Held {
  readonly timers = new Set<NodeJS.Timeout>();
  readonly #tables = new Map<number, { readonly size: number; readonly items: Map<string, Remembered> }>();
  readonly #threads = new Map<number, Promise<unknown[]>>();
  #last = 0;

  create(size: number): number {
    this.#tables.set((this.#last += 1), { size, items: new Map() });
    return this.#last;
  }
  get(id: number, key: string): unknown {
    const items = this.#tables.get(id)?.items;
    const item = items?.get(key);
    if (!items || !item) return undefined;
    if (item.until <= Date.now()) return many(undefined, item.value, item.flags ?? 0);
    items.delete(key);
    items.set(key, item);
    return many(item.value, undefined, item.flags ?? 0);
  }
  set(id: number, key: string, item: Remembered): void {
    const table = this.#tables.get(id);
    if (!table) return;
    table.items.delete(key);
    table.items.set(key, item);
    const oldest = table.items.keys().next();
    if (table.items.size > table.size && !oldest.done) table.items.delete(oldest.value);
  }
  delete(id: number, key: string): void {
    this.#tables.get(id)?.items.delete(key);
  }
  spawned(work: Promise<unknown[]>): number {
    work.catch(() => undefined); // told to whoever waits
    this.#threads.set((this.#last += 1), work);
    return this.#last;
  }

  readonly api: Readonly<Record<string, Native>> = {
    lru_new: (size: number) => this.create(size),
    lru_flush: (id: number) => this.#tables.get(id)?.items.clear(),
    lru_count: (id: number) => this.#tables.get(id)?.items.size ?? 0,
    lru_capacity: (id: number) => this.#tables.get(id)?.size ?? 0,
    lru_keys: (id: number) =>
      [...(this.#tables.get(id)?.items.keys() ?? [])].map((key) => new Bytes(key.slice(1))),
    thread_wait: async (ids: number[]) => {
      try {
        const first = await Promise.race(ids.map((id) => this.#threads.get(id) ?? Promise.resolve([])));
        return many(true, ...first);
      } catch (error) {
        return many(false, (error as Error).message);
      }
    },
  };
}
