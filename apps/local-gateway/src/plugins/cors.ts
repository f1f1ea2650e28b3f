import type { Exchange } from '../proxy/exchange.js';
import { exitText } from '../proxy/exit.js';
import type { Config, PluginHandler } from './handler.js';

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const DEFAULT_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];
const isPlain = (origin: string) => /^[A-Za-z0-9.:/-]+$/.test(origin);
const answered = new WeakSet<Exchange>();

export const corsPlugin: PluginHandler = {
  name: 'cors',
  version: '3.9.3',
  priority: 2000,
  access: (exchange, { config }) => {
    const { clientHeaders: sent, responseHeaders: out } = exchange;
    if (exchange.method !== 'OPTIONS' || !sent.has('origin') || !sent.has('access-control-request-method'))
      return;
    answered.add(exchange);
    if (config['preflight_continue'] === true) return;
    setOrigin(exchange, config, 'set');
    const headers = strings(config['headers']).join(',') || sent.get('access-control-request-headers');
    if (headers) out.set('Access-Control-Allow-Headers', headers);
    const methods = Array.isArray(config['methods']) ? strings(config['methods']) : DEFAULT_METHODS;
    out.set('Access-Control-Allow-Methods', methods.join(','));
    if (typeof config['max_age'] === 'number') out.set('Access-Control-Max-Age', String(config['max_age']));
    if (config['private_network'] === true && sent.get('access-control-request-private-network') === 'true')
      out.set('Access-Control-Allow-Private-Network', 'true');
    throw exitText(200, '');
  },
  headerFilter: (exchange, { config }) => {
    if (answered.has(exchange)) return;
    setOrigin(exchange, config, 'add');
    const exposed = strings(config['exposed_headers']);
    if (exposed.length > 0) exchange.responseHeaders.set('Access-Control-Expose-Headers', exposed.join(','));
  },
};

function setOrigin(exchange: Exchange, config: Config, how: 'set' | 'add'): void {
  const out = exchange.responseHeaders;
  const origins = strings(config['origins']);
  const origin = exchange.clientHeaders.get('origin');
  const isAny = origins.length === 0 || (origins.length === 1 && origins[0] === '*');
  if (!isAny) out[how]('Vary', 'Origin');
  const allowed = isAny ? '*' : allowedOrigin(origins, origin);
  if (allowed === undefined) out.delete('Access-Control-Allow-Origin');
  else out.set('Access-Control-Allow-Origin', allowed);
  if (config['credentials'] !== true) return;
  if (allowed !== '*') return out.set('Access-Control-Allow-Credentials', 'true');
  if (origin === undefined) return;
  out[how]('Vary', 'Origin');
  out.set('Access-Control-Allow-Origin', origin);
  out.set('Access-Control-Allow-Credentials', 'true');
}

function allowedOrigin(origins: readonly string[], origin: string | undefined): string | undefined {
  const only = origins[0] ?? '';
  if (origins.length === 1 && isPlain(only)) return only;
  if (origin === undefined) return undefined;
  const { domain, host } = normalise(origin);
  for (const each of origins) {
    if (each === '*') return '*';
    if (isPlain(each) ? normalise(each).domain === domain : fits(each, each.includes(':') ? domain : host))
      return domain;
  }
  return undefined;
}

function fits(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern.replace(/^\^/, '').replace(/\$$/, '')})$`).test(text);
}

/** `https://a.example:443` is `https://a.example`. */
function normalise(origin: string): { readonly domain: string; readonly host: string } {
  if (!URL.canParse(origin)) return { domain: origin, host: origin };
  const { protocol, host, hostname } = new URL(origin);
  return { domain: `${protocol}//${host}`, host: hostname };
}
