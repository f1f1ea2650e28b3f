import { flattenFaults } from '../declarative/flatten.js';
import { loadConfiguration } from '../declarative/load.js';
import { md5, parseText, toYaml } from '../declarative/text.js';
import { declarativeConfig } from '../entities/errors.js';
import { KINDS } from '../entities/kinds.js';
import { copy, type Entity, isTable, type Value, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import { type Answer, NOT_ALLOWED, ok } from './answer.js';
import type { AdminCall } from './endpoints.js';

const ONLY_DBLESS: Answer = {
  status: 400,
  body: { message: 'this endpoint is only available when Kong is configured to not use a database' },
};
const isTrue = (value: Value | undefined) => /^(true|1|on|yes)$/i.test(textOf(value));

/** `/config`: the whole configuration of a gateway without a database. */
export function configuration(gateway: Gateway, call: AdminCall): Answer {
  if (!['GET', 'HEAD', 'POST'].includes(call.method)) return NOT_ALLOWED;
  if (gateway.mode === 'db') return ONLY_DBLESS;
  return call.method === 'POST' ? load(gateway, call) : ok({ config: toYaml(exported(gateway)) });
}

function load(gateway: Gateway, { body, query }: AdminCall): Answer {
  const {
    flatten_errors: flatten,
    check_hash: check,
    ...values
  } = { ...body.values, ...Object.fromEntries(query) };
  const text = typeof values['config'] === 'string' ? values['config'] : body.text;
  const isTableGiven = values['_format_version'] !== undefined && values['_format_version'] !== null;
  if (!isTableGiven && text === '')
    return { status: 400, body: { message: 'expected a declarative configuration' } };
  const config: Entity = isTableGiven ? values : parseText(text);
  const hash = md5(isTableGiven ? JSON.stringify(values) : text);
  if (textOf(check) === '1' && !isTableGiven && hash === gateway.configurationHash) return { status: 304 };
  const loaded = loadConfiguration(config, gateway.dao);
  if ('faults' in loaded) {
    if (!isTrue(flatten)) throw declarativeConfig(loaded.faults);
    const flattened = flattenFaults(copy(config), loaded.faults);
    const { error } = declarativeConfig(loaded.faults);
    return { status: 400, body: { ...error, flattened_errors: flattened } };
  }
  gateway.replaceConfiguration(loaded.rows, hash);
  return { status: 201, body: shown(gateway) };
}

function shown(gateway: Gateway): object {
  const kinds = KINDS.map(({ name }) => [name, [...gateway.dao.each(name)]] as const);
  return Object.fromEntries(
    kinds
      .filter(([, all]) => all.length > 0)
      .map(([name, all]) => [name, Object.fromEntries(all.map((entity) => [entity['id'], entity]))]),
  );
}

function exported(gateway: Gateway): Entity {
  const config: Entity = { _format_version: '3.0', _transform: false };
  for (const { name } of KINDS) {
    const all = [...gateway.dao.each(name)].map((entity) =>
      Object.fromEntries(
        Object.entries(entity).map(([field, value]) => {
          const isForeign = KINDS.find((kind) => kind.name === name)?.fields[field]?.type === 'foreign';
          return [field, isForeign && isTable(value) ? value['id'] : value];
        }),
      ),
    );
    if (all.length > 0) config[name] = all;
  }
  return config;
}
