import { isTable, type Value } from '../entities/value.js';
import type { Exchange } from '../proxy/exchange.js';
import { readBody } from '../proxy/request-body.js';
import type { Config, PluginHandler } from './handler.js';

type Pair = readonly [string, string];
const listOf = (config: Config, action: string, part: string): string[] => {
  const group = config[action];
  const list: Value | undefined = isTable(group) ? group[part] : undefined;
  return Array.isArray(list) ? list.map(String) : [];
};

export const requestTransformerPlugin: PluginHandler = {
  name: 'request-transformer',
  version: '3.9.3',
  priority: 801,
  access: async (exchange, { config }) => {
    const { http_method: method } = config;
    if (typeof method === 'string') exchange.upstreamMethod = method.toUpperCase();
    const pairs = (action: string, part: string) =>
      listOf(config, action, part).map((pair) => split(pair, exchange));
    transformHeaders(exchange, config, pairs);
    transformQuery(exchange, config, pairs);
    await transformBody(exchange, config, pairs);
    const replace = config['replace'];
    const uri = isTable(replace) ? replace['uri'] : undefined;
    if (typeof uri === 'string') exchange.upstreamPath = render(uri, exchange);
  },
};

type Pairs = (action: string, part: string) => Pair[];

/** Remove, rename, replace, add where missing, append: in this order, as Kong does. */
function transformHeaders({ headers }: Exchange, config: Config, pairs: Pairs): void {
  for (const name of listOf(config, 'remove', 'headers')) headers.delete(name);
  for (const [from, to] of pairs('rename', 'headers')) {
    const values = headers.getAll(from);
    if (values.length === 0) continue;
    headers.delete(from);
    headers.set(to, values);
  }
  for (const [name, value] of pairs('replace', 'headers')) if (headers.has(name)) headers.set(name, value);
  for (const [name, value] of pairs('add', 'headers')) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of pairs('append', 'headers')) headers.add(name, value);
}

function transformQuery(exchange: Exchange, config: Config, pairs: Pairs): void {
  const actions = ['remove', 'rename', 'replace', 'add', 'append'];
  if (actions.every((action) => listOf(config, action, 'querystring').length === 0)) return;
  const query = new URLSearchParams(exchange.query);
  change(config, pairs, 'querystring', {
    has: (name) => query.has(name),
    get: (name) => query.get(name),
    set: (name, value) => query.set(name, value),
    add: (name, value) => query.append(name, value),
    delete: (name) => query.delete(name),
  });
  exchange.query = query.toString();
  exchange.hasQuery ||= exchange.query !== '';
}

async function transformBody(exchange: Exchange, config: Config, pairs: Pairs): Promise<void> {
  const actions = ['remove', 'rename', 'replace', 'add', 'append'];
  if (actions.every((action) => listOf(config, action, 'body').length === 0)) return;
  const type = exchange.clientHeaders.get('content-type') ?? '';
  const text = (await readBody(exchange)).toString();
  if (type.startsWith('application/json')) {
    let json: Record<string, unknown>;
    try {
      json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    } catch {
      return;
    }
    change(config, pairs, 'body', {
      has: (name) => name in json,
      get: (name) => json[name],
      set: (name, value) => (json[name] = value),
      add: (name, value) => (json[name] = [json[name] ?? [], value].flat()),
      delete: (name) => delete json[name],
    });
    exchange.body = Buffer.from(JSON.stringify(json));
  } else if (type.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(text);
    change(config, pairs, 'body', {
      has: (name) => form.has(name),
      get: (name) => form.get(name),
      set: (name, value) => form.set(name, String(value)),
      add: (name, value) => form.append(name, value),
      delete: (name) => form.delete(name),
    });
    exchange.body = Buffer.from(form.toString());
  }
}

interface Fields {
  has(name: string): boolean;
  get(name: string): unknown;
  set(name: string, value: string): unknown;
  add(name: string, value: string): unknown;
  delete(name: string): unknown;
}

function change(config: Config, pairs: Pairs, part: string, fields: Fields): void {
  for (const name of listOf(config, 'remove', part)) fields.delete(name);
  for (const [from, to] of pairs('rename', part)) {
    if (!fields.has(from)) continue;
    const value = fields.get(from);
    fields.delete(from);
    fields.set(to, value as string);
  }
  for (const [name, value] of pairs('replace', part)) if (fields.has(name)) fields.set(name, value);
  for (const [name, value] of pairs('add', part)) if (!fields.has(name)) fields.set(name, value);
  for (const [name, value] of pairs('append', part)) fields.add(name, value);
}

function split(pair: string, exchange: Exchange): Pair {
  const [, name = '', value = ''] = /^([^:]+):*([^]*)$/.exec(pair) ?? [];
  return [name, render(value, exchange)];
}

/** `$(headers.x)`, `$(query_params.x)`, `$(uri_captures.x)`: looked up; other expressions of the template stay empty. */
function render(template: string, exchange: Exchange): string {
  return template.replace(
    /\$\(\s*(headers|query_params|uri_captures)(?:\.([\w-]+)|\[["']?([^\]"']+)["']?\])\s*\)/g,
    (_, table: string, dotted?: string, indexed?: string) => {
      const name = dotted ?? indexed ?? '';
      if (table === 'headers')
        return exchange.headers.get(name.replaceAll('_', '-')) ?? exchange.headers.get(name) ?? '';
      if (table === 'query_params') return new URLSearchParams(exchange.query).get(name) ?? '';
      return exchange.uriCaptures[name] ?? '';
    },
  );
}
