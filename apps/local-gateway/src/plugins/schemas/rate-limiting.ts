import type { Field, Shorthand } from '../../entities/field.js';
import { typedefs as t } from '../../entities/typedefs.js';
import { isTable, type Value } from '../../entities/value.js';
import type { PluginSchema } from './schema.js';

export const PERIODS = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const;

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const flag = (preset: boolean): Field => ({ type: 'boolean', required: true, default: preset });
const limit: Field = { ...number, gt: 0 };

/** `redis_host` and the like: names of older versions, still taken and still shown. */
const old = (name: string, type: Field['type'], more: Partial<Field> = {}): Record<string, Shorthand> => ({
  [`redis_${name}`]: {
    type,
    ...more,
    shown: `redis.${name}`,
    func: (value) => ({ redis: { [name]: value } }),
  },
});

function checkPeriods(config: Value): string | undefined {
  if (!isTable(config)) return undefined;
  const set = PERIODS.filter((period) => typeof config[period] === 'number');
  for (const [index, lower] of set.entries())
    for (const upper of set.slice(index + 1)) {
      const [low, high] = [Number(config[lower]), Number(config[upper])];
      if (high < low)
        return `The limit for ${upper}(${high.toFixed(1)}) cannot be lower than the limit for ${lower}(${low.toFixed(1)})`;
    }
  const rate = Number(config['sync_rate']);
  if (config['policy'] !== 'redis')
    return rate === -1 ? undefined : 'sync_rate can only be used with the redis policy';
  return rate !== -1 && rate < 0.02 ? 'sync_rate must be greater than 0.02, or -1 to disable' : undefined;
}

const needs = (field: string, value: string, then: string) => ({
  conditional: { if_field: field, if_match: { eq: value }, then_field: then, then_match: { required: true } },
});

export const rateLimiting = (mode: 'db' | 'dbless'): PluginSchema => ({
  name: 'rate-limiting',
  fields: {
    protocols: t.protocols_http,
    config: {
      type: 'record',
      required: true,
      fields: {
        ...Object.fromEntries(PERIODS.map((period) => [period, limit])),
        limit_by: {
          ...string,
          default: 'consumer',
          one_of: ['consumer', 'credential', 'ip', 'service', 'header', 'path'],
        },
        header_name: t.header_name,
        path: t.path,
        policy: {
          ...string,
          default: 'local',
          len_min: 0,
          one_of: mode === 'db' ? ['local', 'cluster', 'redis'] : ['local', 'redis'],
        },
        fault_tolerant: flag(true),
        redis: {
          type: 'record',
          required: true,
          fields: {
            host: t.host,
            port: { ...t.port, default: 6379 },
            timeout: { ...t.timeout, default: 2000 },
            username: { ...string, referenceable: true },
            password: { ...string, encrypted: true, referenceable: true, len_min: 0 },
            database: { type: 'integer', default: 0 },
            ssl: { type: 'boolean', default: false },
            ssl_verify: { type: 'boolean', default: false },
            server_name: t.sni,
          },
        },
        hide_client_headers: flag(false),
        error_code: { ...number, default: 429, gt: 0 },
        error_message: { ...string, default: 'API rate limit exceeded' },
        sync_rate: { ...number, required: true, default: -1 },
      },
      custom_validator: checkPeriods,
      shorthand_fields: {
        ...old('host', 'string'),
        ...old('port', 'integer'),
        ...old('password', 'string', { len_min: 0 }),
        ...old('username', 'string'),
        ...old('ssl', 'boolean'),
        ...old('ssl_verify', 'boolean'),
        ...old('server_name', 'string'),
        ...old('timeout', 'integer'),
        ...old('database', 'integer'),
      },
    },
  },
  entity_checks: [
    { at_least_one_of: PERIODS.map((period) => `config.${period}`) },
    needs('config.policy', 'redis', 'config.redis.host'),
    needs('config.policy', 'redis', 'config.redis.port'),
    needs('config.policy', 'redis', 'config.redis.timeout'),
    needs('config.limit_by', 'header', 'config.header_name'),
    needs('config.limit_by', 'path', 'config.path'),
  ],
});
