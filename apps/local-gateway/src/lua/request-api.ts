import { Exit, exitError, type Reply } from '../proxy/exit.js';
import { readBody } from '../proxy/request-body.js';
import type { Exchange } from '../proxy/exchange.js';
import type { LuaRun } from './run.js';
import { many, type Native, Stop } from './state.js';
import { Bytes } from './values.js';

const bytes = (value: string | undefined) => (value === undefined ? undefined : new Bytes(value));
const shown = (value: unknown): string =>
  typeof value === 'boolean' || typeof value === 'number' ? String(value) : String(value);

/** The request and the answer as the PDK shows them. Outside of a request they are not there. */
export function requestApi(now: () => LuaRun | undefined): Readonly<Record<string, Native>> {
  const here = (): Exchange => {
    const exchange = now()?.exchange;
    if (!exchange) throw new Error('API disabled in the current context: there is no request');
    return exchange;
  };
  const isResponsePhase = () => ['header_filter', 'body_filter', 'log'].includes(now()?.phase ?? '');
  return {
    request: (name: string) => requestField(here(), name),
    request_header: (name: string) => {
      const wanted = name.replace(/_/g, '-').toLowerCase();
      const all = here().headers.entries();
      const found =
        all.find(([each]) => each.toLowerCase() === name.toLowerCase()) ??
        all.find(([each]) => each.replace(/_/g, '-').toLowerCase() === wanted);
      return bytes(found?.[1]);
    },
    request_headers: (max: number, isRaw: boolean) => {
      const entries = here().headers.entries();
      const taken = max > 0 ? entries.slice(0, max) : entries;
      return many(grouped(taken, isRaw), taken.length < entries.length ? 'truncated' : undefined);
    },
    set_header: (name: string, value: unknown) => {
      if (value === undefined) return here().headers.delete(name);
      here().headers.set(name, Array.isArray(value) ? value.map(shown) : shown(value));
    },
    add_header: (name: string, value: unknown) => here().headers.add(name, shown(value)),
    // Any spelling with the same case-folded name; an underscore is another name, as in Kong.
    clear_header: (name: string) => here().headers.delete(name),
    query_args: () => {
      const args: Record<string, unknown> = {};
      for (const [name, value] of new URLSearchParams(here().query)) {
        const known = args[name];
        args[name] = known === undefined ? value : [known, value].flat();
      }
      return args;
    },
    set_request: (name: string, value: unknown) => setRequest(here(), name, shown(value)),
    set_target: (host: string, port: number) => {
      const exchange = here();
      exchange.service = { ...exchange.service, host, port };
    },
    captures: () => here().uriCaptures,
    body: async () => new Bytes(await readBody(here())),
    response_status: () => here().status,
    response_source: () => here().source,
    response_header: (name: string) => bytes(here().responseHeaders.get(name.replace(/_/g, '-'))),
    response_headers: () => grouped(here().responseHeaders.entries()),
    set_response_header: (name: string, value: unknown) => {
      if (value === undefined) return here().responseHeaders.delete(name);
      here().responseHeaders.set(name, Array.isArray(value) ? value.map(shown) : shown(value));
    },
    add_response_header: (name: string, value: unknown) => here().responseHeaders.add(name, shown(value)),
    set_status: (status: number) => {
      here().status = status;
    },
    say: (text: string) => {
      const run = now();
      if (run) run.said += text;
    },
    exit: (status: number, body: unknown, headers: Record<string, unknown> | undefined) => {
      if (isResponsePhase()) throw new Error(`function cannot be called in ${now()?.phase} phase`);
      return new Stop(new Exit(replyOf(status, body, headers ?? {}, now()?.said ?? '')));
    },
    exit_error: (status: number, message: unknown, headers: Record<string, unknown> | undefined) => {
      const exchange = now()?.exchange;
      const text =
        typeof message === 'string' ? message : message === undefined ? undefined : JSON.stringify(message);
      const accept = exchange?.clientHeaders.get('accept');
      return new Stop(exitError(status, text, exchange?.id ?? '', accept, headers as Record<string, string>));
    },
    var: (name: string) => variable(now()?.exchange, name),
    set_var: (name: string, value: unknown) => {
      const exchange = here();
      if (name === 'upstream_uri') exchange.upstreamPath = shown(value);
      else if (name === 'args') setRequest(exchange, 'query', shown(value));
    },
  };
}

function grouped(entries: readonly (readonly [string, string])[], isRaw = false): Record<string, unknown> {
  const all: Record<string, Bytes | Bytes[]> = {};
  for (const [name, value] of entries) {
    const key = isRaw ? name : name.toLowerCase();
    const known = all[key];
    all[key] = known === undefined ? new Bytes(value) : [known, new Bytes(value)].flat();
  }
  return all;
}

function requestField(exchange: Exchange, name: string): unknown {
  switch (name) {
    case 'method':
      return exchange.method;
    case 'host':
      return exchange.host;
    case 'port':
      return exchange.port;
    case 'ip':
      return exchange.ip;
    case 'client_port':
      return exchange.request.socket.remotePort;
    case 'path':
      return bytes(exchange.path);
    case 'raw_path':
      return bytes(exchange.rawPath);
    case 'uri':
      return bytes(exchange.rawUri);
    case 'query':
      return bytes(exchange.query);
    case 'prefix':
      return bytes(exchange.matchedPath);
    case 'started':
      return exchange.startedAt / 1000;
    default:
      return name === 'version' ? exchange.request.httpVersion : undefined;
  }
}

function setRequest(exchange: Exchange, name: string, value: string): void {
  if (name === 'method') exchange.upstreamMethod = value;
  else if (name === 'path') exchange.upstreamPath = value;
  else if (name === 'body') exchange.body = Buffer.from(value, 'latin1');
  else if (name === 'query') {
    exchange.query = value;
    exchange.hasQuery ||= value !== '';
  }
}

function variable(exchange: Exchange | undefined, name: string): unknown {
  if (!exchange) return undefined;
  if (name.startsWith('http_')) return bytes(exchange.headers.get(name.slice(5).replace(/_/g, '-')));
  if (name.startsWith('arg_')) return new URLSearchParams(exchange.query).get(name.slice(4)) ?? undefined;
  if (name.startsWith('sent_http_'))
    return bytes(exchange.responseHeaders.get(name.slice(10).replace(/_/g, '-')));
  const elapsed = () => (Date.now() - exchange.startedAt) / 1000;
  const values: Readonly<Record<string, () => unknown>> = {
    request_id: () => exchange.id,
    kong_request_id: () => exchange.id,
    remote_addr: () => exchange.ip,
    realip_remote_addr: () => exchange.ip,
    remote_port: () => String(exchange.request.socket.remotePort),
    server_port: () => String(exchange.port),
    host: () => exchange.host,
    scheme: () => 'http',
    request_method: () => exchange.method,
    request_uri: () => bytes(exchange.rawUri),
    uri: () => bytes(exchange.path),
    args: () => bytes(exchange.query),
    is_args: () => (exchange.hasQuery ? '?' : ''),
    upstream_uri: () => bytes(exchange.upstreamPath),
    content_type: () => bytes(exchange.clientHeaders.get('content-type')),
    content_length: () => bytes(exchange.clientHeaders.get('content-length')),
    request_time: () => elapsed().toFixed(3),
    status: () => String(exchange.status),
    server_protocol: () => `HTTP/${exchange.request.httpVersion}`,
    upstream_response_time: () =>
      exchange.upstreamHeadersAt
        ? ((exchange.upstreamHeadersAt - exchange.upstreamStartedAt) / 1000).toFixed(3)
        : undefined,
  };
  return values[name]?.();
}

function replyOf(status: number, body: unknown, headers: Record<string, unknown>, said: string): Reply {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(headers))
    for (const each of Array.isArray(value) ? value : [value]) list.push([name, shown(each)]);
  const hasType = list.some(([name]) => name.toLowerCase() === 'content-type');
  const isTable = typeof body === 'object' && body !== null;
  if (isTable && !hasType) list.push(['Content-Type', 'application/json; charset=utf-8']);
  const text = isTable ? JSON.stringify(body) : body === undefined || body === null ? said : shown(body);
  return { status, headers: list, body: Buffer.from(text, 'latin1') };
}
