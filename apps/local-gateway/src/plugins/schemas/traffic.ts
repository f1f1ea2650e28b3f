import type { Field } from '../../entities/field.js';
import { checkHeaderName, typedefs as t } from '../../entities/typedefs.js';
import { isRegex } from '../../entities/validators.js';
import { isTable, type Value, textOf } from '../../entities/value.js';
import type { PluginSchema } from './schema.js';

const string = { type: 'string' } as const;
const strings: Field = { type: 'array', elements: string };
const flag = (preset: boolean): Field => ({ type: 'boolean', required: true, default: preset });
const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

export const cors: PluginSchema = {
  name: 'cors',
  fields: {
    consumer: t.no_consumer,
    protocols: t.protocols_http,
    config: {
      type: 'record',
      required: true,
      fields: {
        origins: {
          type: 'array',
          elements: {
            ...string,
            custom_validator: (origin) =>
              origin === '*' || isRegex(textOf(origin))
                ? undefined
                : `'${textOf(origin)}' is not a valid regex`,
          },
        },
        headers: strings,
        exposed_headers: strings,
        methods: { type: 'array', default: METHODS, elements: { ...string, one_of: METHODS } },
        max_age: { type: 'number' },
        credentials: flag(false),
        private_network: flag(false),
        preflight_continue: flag(false),
      },
    },
  },
};

function checkTermination(config: Value): string | undefined {
  if (!isTable(config)) return undefined;
  const has = (name: string) => typeof config[name] === 'string' && config[name] !== '';
  if (has('message') && (has('content_type') || has('body')))
    return 'message cannot be used with content_type or body';
  if (has('content_type') && !has('body')) return 'content_type requires a body';
  return config['echo'] && (has('content_type') || has('body'))
    ? 'echo cannot be used with content_type and body'
    : undefined;
}

export const requestTermination: PluginSchema = {
  name: 'request-termination',
  fields: {
    protocols: t.protocols_http,
    config: {
      type: 'record',
      required: true,
      fields: {
        status_code: { type: 'integer', required: true, default: 503, between: [100, 599] },
        message: string,
        content_type: string,
        body: string,
        echo: flag(false),
        trigger: t.header_name,
      },
      custom_validator: checkTermination,
    },
  },
};

const split = (pair: Value) => /^([^:]+):*([^]*)$/.exec(textOf(pair)) ?? ['', textOf(pair), ''];
const badHeader = (name = '') => (checkHeaderName(name) ? `'${name}' is not a valid header` : undefined);
const headerCheck = (pair: Value) => badHeader(split(pair)[1]);
const renameCheck = (pair: Value) => badHeader(split(pair)[1]) ?? badHeader(split(pair)[2]);
const valueCheck = (pair: Value) => (split(pair)[2] ? undefined : `key '${split(pair)[1]}' has no value`);

const list = (element: Partial<Field>): Field => ({
  type: 'array', default: [], required: true, elements: { ...string, ...element },
}); // prettier-ignore
const pairs = (headers: Partial<Field>, values: Partial<Field>, more: Record<string, Field> = {}): Field => ({
  type: 'record',
  required: true,
  fields: { body: list(values), headers: list(headers), querystring: list(values), ...more },
});
const colon = { match: '^[^:]+:.*$' };

export const requestTransformer: PluginSchema = {
  name: 'request-transformer',
  fields: {
    protocols: t.protocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        http_method: t.http_method,
        remove: pairs({ custom_validator: headerCheck }, {}),
        rename: pairs({ ...colon, custom_validator: renameCheck }, { custom_validator: valueCheck }),
        replace: pairs(
          { ...colon, custom_validator: headerCheck },
          { custom_validator: valueCheck },
          { uri: string },
        ),
        add: pairs({ ...colon, custom_validator: headerCheck }, { custom_validator: valueCheck }),
        append: pairs({ ...colon, custom_validator: headerCheck }, { custom_validator: valueCheck }),
      },
    },
  },
};

const metric: Field = { type: 'boolean', default: false };

export const prometheus: PluginSchema = {
  name: 'prometheus',
  fields: {
    protocols: t.protocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        per_consumer: metric,
        status_code_metrics: metric,
        ai_metrics: metric,
        latency_metrics: metric,
        bandwidth_metrics: metric,
        upstream_health_metrics: metric,
      },
    },
  },
};
