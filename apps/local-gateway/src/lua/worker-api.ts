import type { Gateway } from '../gateway.js';
import { randomKey } from '../entities/defaults.js';
import { KINDS } from '../entities/kinds.js';
import { typedefs } from '../entities/typedefs.js';
import type { Entity } from '../entities/value.js';
import type { NodeCache } from '../cache.js';
import { requestUri } from './http-client.js';
import type { Metrics } from './metrics.js';
import type { LuaRun } from './run.js';
import { SharedDict } from './shared-dict.js';
import { type LuaState, many, type Native } from './state.js';
import { fromVault } from './vault.js';
import { Bytes } from './values.js';

const LEVELS = ['fatal', 'fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const;
const utf8 = (text: string) => Buffer.from(text, 'latin1').toString();

/** Kong's rows have no nulls for plugins: what is not set is nil. */
export const withoutNulls = (entity: Entity | undefined): unknown =>
  entity && JSON.parse(JSON.stringify(entity), (_, value: unknown) => (value === null ? undefined : value));

/** Everything that is not about one request: time, logs, entities, caches, shared memory, calls out, metrics. */
export function workerApi(
  gateway: Gateway,
  state: LuaState<LuaRun>,
  metrics: Metrics,
): Readonly<Record<string, Native>> {
  const dicts = new Map<string, SharedDict>();
  const dict = (name: string): SharedDict => {
    const known = dicts.get(name) ?? new SharedDict();
    dicts.set(name, known);
    return known;
  };
  const cacheNamed = (name: string): NodeCache => (name === 'core_cache' ? gateway.coreCache : gateway.cache);
  const locks = gateway.coreCache;
  return {
    null: () => null,
    now: () => Date.now() / 1000,
    time: () => Math.floor(Date.now() / 1000),
    sleep: (seconds: number) =>
      new Promise((resolve) => setTimeout(() => resolve(undefined), seconds * 1000)),
    pid: () => process.pid,
    exiting: () => false,
    phase: () => state.current?.phase ?? 'init',
    log: (level: number, text: string) => {
      const run = state.current;
      gateway.log[LEVELS[level] ?? 'info'](
        { plugin: run?.plugin, request_id: run?.exchange?.id },
        utf8(text),
      );
    },
    json_encode: (value: unknown) => {
      try {
        const text = JSON.stringify(value);
        return text === undefined ? many(undefined, 'Cannot serialise nil') : new Bytes(text);
      } catch (error) {
        return many(undefined, `Cannot serialise: ${(error as Error).message}`);
      }
    },
    json_decode: (text: string) => {
      try {
        return many(JSON.parse(utf8(text)));
      } catch (error) {
        return many(undefined, `Expected value but found invalid token: ${(error as Error).message}`);
      }
    },
    random_key: randomKey,
    bit: (name: string, ...values: number[]) => bitwise(name, values),
    escape_uri: (text: string) => escapeBytes(text),
    unescape_uri: (text: string) =>
      new Bytes(
        text
          .replace(/\+/g, ' ')
          .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      ),
    encode_args: (args: Record<string, unknown>) =>
      Object.entries(args)
        .flatMap(([name, value]) =>
          (Array.isArray(value) ? value : [value]).map((each) =>
            each === true ? escapeBytes(name) : `${escapeBytes(name)}=${escapeBytes(String(each))}`,
          ),
        )
        .join('&'),
    decode_args: (text: string) => Object.fromEntries(new URLSearchParams(text)),
    http_time: (seconds: number) => new Date(seconds * 1000).toUTCString(),
    parse_http_time: (text: string) => {
      const ms = Date.parse(text);
      return Number.isNaN(ms) ? undefined : ms / 1000;
    },
    dict: (name: string, method: string, key: string, ...rest: unknown[]) =>
      dict(name).call(method, key, ...rest),
    dict_keys: (name: string, max: number) => dict(name).keys(max),
    dict_flush: (name: string, onlyExpired: boolean) => dict(name).flush(onlyExpired),
    lock: (key: string, ms: number) => locks.lock(key, ms),
    unlock: (key: string) => locks.unlock(key),
    cache_peek: (name: string, key: string) => {
      const entry = cacheNamed(name).peek(key);
      if (!entry) return false;
      const ttl = entry.expiresAt === undefined ? 0 : (entry.expiresAt - Date.now()) / 1000;
      return many(true, entry.isNegative ? undefined : entry.value, ttl);
    },
    cache_stale: (name: string, key: string) => {
      const entry = cacheNamed(name).stale(key);
      return entry && !entry.isNegative ? many(true, entry.value) : false;
    },
    cache_lock: (name: string, key: string, ms: number) => cacheNamed(name).lock(key, ms),
    cache_unlock: (name: string, key: string) => cacheNamed(name).unlock(key),
    cache_drop: (name: string, key: string) => cacheNamed(name).invalidate(key),
    cache_purge: (name: string) => cacheNamed(name).purge(),
    has_kind: (name: string) => KINDS.some((kind) => kind.name === name),
    has_typedef: (name: string) => Object.hasOwn(typedefs, name),
    db_select: (kind: string, field: string, value: unknown) => {
      const text = typeof value === 'string' ? utf8(value) : value;
      return withoutNulls(
        field === 'id' ? gateway.dao.select(kind, String(text)) : gateway.dao.selectBy(kind, field, text),
      );
    },
    db_all: (kind: string) => [...gateway.dao.each(kind)].map((entity) => withoutNulls(entity)),
    vault: (reference: string) => {
      const value = fromVault(reference);
      return value === undefined ? many(undefined, 'could not get value from external vault') : value;
    },
    http_request: requestUri,
    metric_register: (kind: 'counter', name: string, help: string, labels: unknown, buckets?: number[]) =>
      metrics.register(kind, name, help, Array.isArray(labels) ? labels.map(String) : [], buckets),
    metric_add: (name: string, by: number, labels: unknown) =>
      metrics.add(name, by, Array.isArray(labels) ? labels : []),
    metric_set: (name: string, value: number, labels: unknown) =>
      metrics.set(name, value, Array.isArray(labels) ? labels : []),
    metric_observe: (name: string, value: number, labels: unknown) =>
      metrics.observe(name, value, Array.isArray(labels) ? labels : []),
    ctx: (name: string) => state.current?.table(state, name) ?? {},
    ctx_replace: (name: string) => state.current?.forget(name),
    serialize: () => ({}),
    client: (name: 'consumer' | 'credential' | 'route' | 'service') => clientField(state.current, name),
  };
}

function clientField(
  run: LuaRun | undefined,
  name: 'consumer' | 'credential' | 'route' | 'service',
): unknown {
  const entity = run?.exchange?.[name];
  if (!entity) return undefined;
  const kept = (entity as { __lua?: unknown }).__lua;
  return kept ?? withoutNulls(entity);
}

const escapeBytes = (text: string) =>
  text.replace(
    /[^A-Za-z0-9\-._~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

function bitwise(name: string, values: readonly number[]): number | string {
  const [first = 0, second = 0] = values.map((value) => Number(BigInt.asIntN(32, BigInt(Math.trunc(value)))));
  const all = values.map((value) => Number(BigInt.asIntN(32, BigInt(Math.trunc(value)))));
  switch (name) {
    case 'band':
      return all.reduce((a, b) => a & b);
    case 'bor':
      return all.reduce((a, b) => a | b);
    case 'bxor':
      return all.reduce((a, b) => a ^ b);
    case 'bnot':
      return ~first;
    case 'lshift':
      return first << second;
    case 'rshift':
      return (first >>> second) | 0;
    case 'arshift':
      return first >> second;
    case 'rol':
      return (first << second) | (first >>> (32 - second));
    case 'ror':
      return (first >>> second) | (first << (32 - second));
    case 'tohex':
      return (first >>> 0).toString(16).padStart(8, '0');
    default:
      return first;
  }
}
