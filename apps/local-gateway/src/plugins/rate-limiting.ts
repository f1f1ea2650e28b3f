import { type Entity, isTable, textOf } from '../entities/value.js';
import type { Exchange } from '../proxy/exchange.js';
import type { Config, PluginHandler } from './handler.js';
import { PERIODS } from './schemas/rate-limiting.js';

type Period = (typeof PERIODS)[number];
const WINDOW: Readonly<Record<Period, number>> = {
  second: 1, minute: 60, hour: 3600, day: 86_400, month: 2_592_000, year: 31_536_000,
}; // prettier-ignore

/** When the running period began, in milliseconds. */
function startOf(period: Period, now: number): number {
  const date = new Date(now);
  const parts = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]; // prettier-ignore
  const kept = { year: 1, month: 2, day: 3, hour: 4, minute: 5, second: 6 }[period];
  const [year = 0, month = 0, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(0, kept);
  return Date.UTC(year, month, kept < 3 ? 1 : day, hour, minute, second);
}

/** Counts of this node, dropped when their period is over. */
class Counters {
  readonly #counts = new Map<string, { value: number; readonly until: number }>();
  #sweepAt = 0;

  get(key: string): number {
    const count = this.#counts.get(key);
    return count && count.until > Date.now() ? count.value : 0;
  }

  add(key: string, ttlMs: number): void {
    const now = Date.now();
    const count = this.#counts.get(key);
    if (count && count.until > now) count.value += 1;
    else this.#counts.set(key, { value: 1, until: now + ttlMs });
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + 60_000;
    for (const [name, { until }] of this.#counts) if (until <= now) this.#counts.delete(name);
  }
}

export function createRateLimiting(): PluginHandler {
  const counters = new Counters();
  return {
    name: 'rate-limiting',
    version: '3.9.3',
    priority: 910,
    access: (exchange, { config, entity }) => limit(exchange, config, entity, counters),
  };
}

function limit(exchange: Exchange, config: Config, entity: Entity, counters: Counters): void {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const who = identifier(exchange, config);
  const scope = [entity['route'], entity['service']]
    .map((key) => (isTable(key) ? textOf(key['id']) : ''))
    .join(':');
  const usage = PERIODS.flatMap((period) => {
    const max = config[period];
    if (typeof max !== 'number') return [];
    const start = startOf(period, now);
    const key = `${scope}:${who}:${start}:${period}`;
    return [{ period, max, start, key, remaining: max - counters.get(key) }];
  });
  const stop = usage.findLast(({ remaining }) => remaining <= 0);
  const isHidden = config['hide_client_headers'] === true;
  const extra: Record<string, number> = {};
  let tightest: { max: number; left: number; window: number; reset: number } | undefined;
  for (const { period, max, start, remaining } of usage) {
    const left = Math.max(0, stop === undefined || stop.period === period ? remaining - 1 : remaining);
    const name = period.charAt(0).toUpperCase() + period.slice(1);
    extra[`X-RateLimit-Limit-${name}`] = max;
    extra[`X-RateLimit-Remaining-${name}`] = left;
    const window = WINDOW[period];
    if (tightest && (left > tightest.left || (left === tightest.left && window <= tightest.window))) continue;
    tightest = { max, left, window, reset: Math.max(1, window - Math.floor((now - start) / 1000)) };
  }
  if (tightest) {
    extra['RateLimit-Limit'] = tightest.max;
    extra['RateLimit-Remaining'] = tightest.left;
    extra['RateLimit-Reset'] = tightest.reset;
    if (stop) extra['Retry-After'] = tightest.reset;
  }
  if (!isHidden)
    for (const [name, value] of Object.entries(extra)) exchange.responseHeaders.set(name, String(value));
  if (stop) throw exchange.error(Number(config['error_code'] ?? 429), textOf(config['error_message']));
  for (const { period, key } of usage) counters.add(key, WINDOW[period] * 1000);
}

function identifier(exchange: Exchange, config: Config): string {
  const { consumer, credential, service } = exchange;
  const by: Readonly<Record<string, () => unknown>> = {
    consumer: () => (consumer ?? credential)?.['id'],
    credential: () => credential?.['id'],
    service: () => service?.['id'],
    header: () => exchange.headers.get(textOf(config['header_name'])),
    path: () => (exchange.path === config['path'] ? exchange.path : undefined),
  };
  const found = by[textOf(config['limit_by'])]?.();
  return typeof found === 'string' ? found : exchange.ip;
}
