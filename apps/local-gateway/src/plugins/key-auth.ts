import { isTable, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { Exchange } from '../proxy/exchange.js';
import type { Exit } from '../proxy/exit.js';
import { readBody } from '../proxy/request-body.js';
import { authenticate, isPreflightSkipped, setConsumer } from './authentication.js';
import type { Config, PluginHandler } from './handler.js';

export const keyAuthPlugin: PluginHandler = {
  name: 'key-auth',
  version: '3.9.3',
  priority: 1250,
  access: async (exchange, { config }, gateway) => {
    if (isPreflightSkipped(exchange, config)) return;
    await authenticate(exchange, config, gateway, () => judge(exchange, config, gateway));
  },
};

async function judge(exchange: Exchange, config: Config, gateway: Gateway): Promise<Exit | undefined> {
  const realm = typeof config['realm'] === 'string' ? ` realm="${config['realm']}"` : '';
  const refused = (message: string) => exchange.error(401, message, { 'WWW-Authenticate': `Key${realm}` });
  const found = await findKey(exchange, config);
  if (Array.isArray(found)) return refused('Duplicate API key found');
  if (!found) return refused('No API key found in request');
  const credential = gateway.dao.selectBy('keyauth_credentials', 'key', found);
  const owner = isTable(credential?.['consumer']) ? textOf(credential['consumer']['id']) : '';
  const consumer = gateway.dao.select('consumers', owner);
  if (!credential || !consumer) return refused('Unauthorized');
  setConsumer(exchange, consumer, credential, textOf(credential['id']));
  return undefined;
}

async function findKey(exchange: Exchange, config: Config): Promise<string | string[] | undefined> {
  for (const name of Array.isArray(config['key_names']) ? config['key_names'].map(String) : []) {
    const places = [
      config['key_in_header'] !== false ? exchange.headers.getAll(name) : [],
      config['key_in_query'] !== false ? new URLSearchParams(exchange.query).getAll(name) : [],
      config['key_in_body'] === true ? await bodyValues(exchange, name) : [],
    ];
    const values = places.find((each) => each.length > 0);
    if (!values) continue;
    if (values.length > 1) return values;
    if (config['hide_credentials'] === true) hide(exchange, name);
    return values[0];
  }
  return undefined;
}

function hide(exchange: Exchange, name: string): void {
  exchange.headers.delete(name);
  if (!exchange.hasQuery) return;
  exchange.query = exchange.query
    .split('&')
    .filter((pair) => decodeURIComponent((pair.split('=')[0] ?? '').replace(/\+/g, ' ')) !== name)
    .join('&');
}

async function bodyValues(exchange: Exchange, name: string): Promise<string[]> {
  const body = (await readBody(exchange)).toString();
  const type = exchange.clientHeaders.get('content-type') ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) return new URLSearchParams(body).getAll(name);
  try {
    const value = (JSON.parse(body) as Record<string, unknown>)[name];
    return typeof value === 'string' ? [value] : [];
  } catch {
    return [];
  }
}
