import type { Gateway } from '../gateway.js';
import type { PluginInstance } from '../plugins/handler.js';
import type { Exchange } from './exchange.js';
import { Exit, exitJson } from './exit.js';
import { prepareHeaders } from './forwarding.js';
import { hostOf } from './upstream.js';
import { upstreamPath } from './upstream-path.js';

/** Everything before the upstream: route, plugins in order, headers. @throws {Exit} whoever answers instead */
export async function runAccess(exchange: Exchange, gateway: Gateway): Promise<void> {
  for (const plugin of gateway.iterator.globals()) await plugin.handler.rewrite?.(exchange, plugin, gateway);
  findRoute(exchange, gateway);
  exchange.plugins = [];
  for (const plugin of gateway.iterator.forRequest(exchange)) {
    exchange.plugins.push(plugin);
    await plugin.handler.access?.(exchange, plugin, gateway);
  }
  if (!exchange.service) throw exchange.error(503, 'no Service found with those values');
  prepareHeaders(exchange, hostOf(exchange.service));
}

function findRoute(exchange: Exchange, gateway: Gateway): void {
  const { method, host, port, path, clientHeaders } = exchange;
  const headersNamed = (name: string) => clientHeaders.getAll(name);
  const match = gateway.router.match({ method, host, port, path, headersNamed });
  if (!match) throw exchange.error(404, 'no Route matched with those values');
  const protocols = match.route['protocols'];
  if (Array.isArray(protocols) && !protocols.includes('http')) throw wantsTls(exchange, match.route);
  exchange.route = match.route;
  exchange.service = match.service;
  exchange.matchedPath = match.prefix;
  exchange.uriCaptures = match.captures;
  const base = match.service?.['path'];
  exchange.upstreamPath = upstreamPath(typeof base === 'string' ? base : '/', path, match.prefix);
}

function wantsTls(exchange: Exchange, route: Readonly<Record<string, unknown>>): Exit {
  const status = Number(route['https_redirect_status_code'] ?? 426);
  if (status === 426)
    return exchange.error(426, 'Please use HTTPS protocol', {
      Connection: 'Upgrade',
      Upgrade: 'TLS/1.2, HTTP/1.1',
    });
  return new Exit({
    status,
    headers: [['Location', `https://${exchange.host}${exchange.rawUri}`]],
    body: Buffer.alloc(0),
  });
}

const ran = (exchange: Exchange, gateway: Gateway): readonly PluginInstance[] =>
  exchange.plugins ?? [...gateway.iterator.globals()];

/** Plugins see, and may change, the answer's headers. */
export async function runHeaderFilter(exchange: Exchange, gateway: Gateway): Promise<void> {
  for (const plugin of ran(exchange, gateway))
    try {
      await plugin.handler.headerFilter?.(exchange, plugin, gateway);
    } catch (error) {
      gateway.log.error({ err: error, plugin: plugin.handler.name }, 'header_filter failed');
    }
}

export async function runLog(exchange: Exchange, gateway: Gateway): Promise<void> {
  for (const plugin of ran(exchange, gateway))
    try {
      await plugin.handler.log?.(exchange, plugin, gateway);
    } catch (error) {
      gateway.log.error({ err: error, plugin: plugin.handler.name }, 'log failed');
    }
}

/** What a failure is answered with; one that is nobody's answer is a 500, and logged. */
export function asExit(error: unknown, exchange: Exchange, gateway: Gateway): Exit {
  if (error instanceof Exit) return error;
  gateway.log.error({ err: error, request: exchange.rawUri }, 'request failed');
  return exitJson(500, { message: 'An unexpected error occurred' });
}
