import { hostname } from 'node:os';
import type { Exchange } from '../proxy/exchange.js';
import { Exit, exitJson } from '../proxy/exit.js';
import { readBody } from '../proxy/request-body.js';
import type { PluginHandler } from './handler.js';

const DEFAULT: Readonly<Record<number, string>> = {
  401: 'Unauthorized', 404: 'Not found', 405: 'Method not allowed', 500: 'An unexpected error occurred',
  502: 'Bad Gateway', 503: 'Service unavailable',
}; // prettier-ignore

export const requestTerminationPlugin: PluginHandler = {
  name: 'request-termination',
  version: '3.9.3',
  priority: 2,
  access: async (exchange, { config }, gateway) => {
    const { trigger, echo, body, content_type: type, message } = config;
    const status = Number(config['status_code']);
    if (
      typeof trigger === 'string' &&
      !exchange.headers.has(trigger) &&
      !new URLSearchParams(exchange.query).has(trigger)
    )
      return;
    if (echo === true)
      throw exitJson(status, await echoed(exchange, gateway.nodeId, message ?? DEFAULT[status] ?? null));
    if (typeof body === 'string') {
      const contentType = typeof type === 'string' ? type : 'application/json; charset=utf-8';
      throw new Exit({ status, headers: [['Content-Type', contentType]], body: Buffer.from(body) });
    }
    const text = typeof message === 'string' ? message : DEFAULT[status];
    throw text === undefined
      ? new Exit({ status, headers: [], body: Buffer.alloc(0) })
      : exitJson(status, { message: text });
  },
};

async function echoed(exchange: Exchange, nodeId: string, message: unknown): Promise<object> {
  return {
    message,
    kong: { node_id: nodeId, worker_pid: process.pid, hostname: hostname() },
    request: {
      scheme: 'http',
      host: exchange.host,
      port: exchange.port,
      headers: Object.fromEntries(
        exchange.headers.entries().map(([name, value]) => [name.toLowerCase(), value]),
      ),
      query: Object.fromEntries(new URLSearchParams(exchange.query)),
      raw_body: (await readBody(exchange)).toString(),
      method: exchange.method,
      path: exchange.path,
      uri_captures: exchange.uriCaptures,
    },
    matched_route: exchange.route,
    matched_service: exchange.service,
  };
}
