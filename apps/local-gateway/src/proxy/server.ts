import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Gateway } from '../gateway.js';
import { VERSION } from '../version.js';
import { Exchange } from './exchange.js';
import { type Exit, type Reply, gatewayError, MESSAGES } from './exit.js';
import { prepareAnswer } from './forwarding.js';
import { dropHopByHop, Headers } from './headers.js';
import { asExit, runAccess, runHeaderFilter, runLog } from './pipeline.js';
import { askUpstream, type UpstreamAnswer } from './upstream.js';

/** The longest line that nginx takes (`large_client_header_buffers` 4 8k). */
const LINE_LIMIT = 8190;
/** nginx: "client sent duplicate header line". */
const ONCE_ONLY = [
  'authorization',
  'content-length',
  'content-range',
  'expect',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
];

export function createProxyServer(gateway: Gateway): Server {
  const server = createServer({
    maxHeaderSize: 64 * 1024,
    keepAliveTimeout: 65_000,
    requestTimeout: 0,
    joinDuplicateHeaders: false,
  });
  const handle = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) =>
    void serve(gateway, new Exchange(request, response, expectsContinue));
  server.on('request', (request, response) => handle(request, response, false));
  server.on('checkContinue', (request, response) => handle(request, response, true));
  server.on('checkExpectation', (request, response) => handle(request, response, false));
  server.on('upgrade', (request, socket, head) => upgrade(gateway, request, socket, head));
  server.on('connect', (_request, socket) => refuseRaw(socket, 400, 'Bad request'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    refuseRaw(socket, 400, error.code === 'HPE_HEADER_OVERFLOW' ? (MESSAGES[494] ?? '') : 'Bad request');
  });
  server.on('connection', () => {
    gateway.statistics.accepted += 1;
  });
  return server;
}

async function serve(gateway: Gateway, exchange: Exchange): Promise<void> {
  const { statistics } = gateway;
  statistics.requests += 1;
  statistics.active += 1;
  exchange.response.once('close', () => {
    statistics.active -= 1;
    void runLog(exchange, gateway);
  });
  exchange.request.on('error', () => undefined); // an aborted client; the upstream request is destroyed with it
  exchange.response.on('error', () => undefined);
  try {
    const fault = lineFault(exchange);
    if (fault !== undefined) throw gatewayError(fault, exchange.id, exchange.clientHeaders.get('accept'));
    await runAccess(exchange, gateway);
    exchange.upstreamStartedAt = Date.now();
    const answer = await askUpstream(exchange);
    exchange.upstreamHeadersAt = Date.now();
    exchange.source = 'service';
    await relay(exchange, gateway, answer);
  } catch (error) {
    if (exchange.response.headersSent) exchange.response.destroy();
    else await answerItself(exchange, gateway, asExit(error, exchange, gateway));
  }
}

function lineFault({ request, clientHeaders, method, rawUri }: Exchange): number | undefined {
  if (method.length + rawUri.length + 10 > LINE_LIMIT) return 414;
  let total = 0;
  for (const [name, value] of clientHeaders.entries()) {
    total += name.length + value.length + 4;
    if (name.length + value.length + 2 > LINE_LIMIT) return 494;
  }
  if (total > 4 * 8192) return 494;
  if (request.httpVersion === '1.1' && clientHeaders.getAll('host').length !== 1) return 400;
  return ONCE_ONLY.some((name) => clientHeaders.getAll(name).length > 1) ? 400 : undefined;
}

async function answerItself(exchange: Exchange, gateway: Gateway, { reply }: Exit): Promise<void> {
  const { response, responseHeaders: headers } = exchange;
  exchange.status = reply.status;
  exchange.source = 'exit';
  for (const [name, value] of withLists(reply)) headers.set(name, value);
  headers.set('X-Kong-Response-Latency', String(Date.now() - exchange.startedAt));
  if (!headers.has('server')) headers.set('Server', `kong/${VERSION}`);
  headers.set('X-Kong-Request-Id', exchange.id);
  if (reply.status !== 204 && reply.status !== 304) headers.set('Content-Length', String(reply.body.length));
  await runHeaderFilter(exchange, gateway);
  if (response.destroyed) return;
  response.writeHead(reply.status, headers.raw());
  response.end(exchange.method === 'HEAD' ? undefined : reply.body);
  // Left unread, a body would be taken for the next request.
  exchange.request.resume();
}

/** A header that is given twice stays twice. */
function withLists({ headers }: Reply): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of headers) lists.set(name, [...(lists.get(name) ?? []), value]);
  return lists;
}

async function relay(
  exchange: Exchange,
  gateway: Gateway,
  { message, socket, head }: UpstreamAnswer,
): Promise<void> {
  const { response } = exchange;
  const ours = exchange.responseHeaders;
  const merged = new Headers(message.rawHeaders);
  const isChunked = merged.has('transfer-encoding');
  dropHopByHop(merged);
  for (const [name] of ours.entries()) merged.delete(name);
  for (const [name, value] of ours.entries()) merged.add(name, value);
  for (const name of ours.entries().map(([each]) => each)) ours.delete(name);
  for (const [name, value] of merged.entries()) ours.add(name, value);
  exchange.status = message.statusCode ?? 502;
  prepareAnswer(exchange);
  await runHeaderFilter(exchange, gateway);
  if (socket) return switchProtocols(exchange, message, socket, head ?? Buffer.alloc(0));
  if (isChunked && exchange.request.httpVersion === '1.1' && exchange.method !== 'HEAD')
    ours.set('Transfer-Encoding', 'chunked');
  response.writeHead(exchange.status, message.statusMessage, ours.raw());
  response.flushHeaders();
  message.pipe(response);
  message.once('aborted', () => response.destroy());
  message.once('error', () => response.destroy());
}

/** From here on the two ends talk to each other. */
function switchProtocols(exchange: Exchange, message: IncomingMessage, upstream: Duplex, head: Buffer): void {
  const client = exchange.request.socket;
  const lines = exchange.responseHeaders.entries().map(([name, value]) => `${name}: ${value}`);
  const upgradeTo = message.headers.upgrade ?? 'websocket';
  exchange.response.detachSocket(client);
  client.write(
    [
      `HTTP/1.1 101 ${message.statusMessage}`,
      `Upgrade: ${upgradeTo}`,
      'Connection: Upgrade',
      ...lines,
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
  if (head.length > 0) client.write(head);
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  const early = (exchange.request as { earlyBytes?: Buffer }).earlyBytes;
  if (early && early.length > 0) upstream.write(early);
  client.pipe(upstream).pipe(client);
  client.once('close', () => exchange.response.emit('close'));
}

/** Plugins run for an upgrade as for any request; only then the ends are joined. */
function upgrade(gateway: Gateway, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  (request as { earlyBytes?: Buffer }).earlyBytes = head;
  response.assignSocket(socket as Socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  void serve(gateway, new Exchange(request, response, false));
}

/** What cannot be read as HTTP is refused as nginx does, and the connection ends. */
function refuseRaw(socket: Duplex, status: number, message: string): void {
  const id = randomBytes(16).toString('hex');
  const body = `${message}\nrequest_id: ${id}\n`;
  socket.end(
    [`HTTP/1.1 ${status} Bad Request`, 'Content-Type: text/plain; charset=utf-8', `Content-Length: ${body.length}`, 'Connection: close',
      `Server: kong/${VERSION}`, `X-Kong-Request-Id: ${id}`, '', body].join('\r\n'), // prettier-ignore
  );
}
