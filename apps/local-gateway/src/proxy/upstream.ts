import { textOf } from '../entities/value.js';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.js';
import { exitError, gatewayError } from './exit.js';

export interface UpstreamAnswer {
  readonly message: IncomingMessage;
  /** Set when the upstream switched protocols. */
  readonly socket?: Duplex;
  readonly head?: Buffer;
}

const agents = {
  http: new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 512 }),
  https: new https.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 512 }),
};

/** Host and port as they stand in `Host`: the port only where it is not the protocol's. */
export function hostOf(service: Readonly<Record<string, unknown>>): string {
  const [host, port] = [String(service['host']), Number(service['port'])];
  return port === (service['protocol'] === 'https' ? 443 : 80) ? host : `${host}:${port}`;
}

/** Sends the request on, its body as it arrives; resolves with the upstream's headers. @throws {Exit} 502, 503, 504 */
export async function askUpstream(exchange: Exchange): Promise<UpstreamAnswer> {
  const retries = Number(exchange.service?.['retries'] ?? 5);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await askOnce(exchange, attempt > 0);
    } catch (error) {
      const failure = error as Failure;
      const mayRetry = failure.nothingSent && attempt < retries && !exchange.request.destroyed;
      if (!mayRetry) throw refusal(exchange, failure);
    }
  }
}

class Failure extends Error {
  constructor(
    readonly code: string,
    readonly nothingSent: boolean,
  ) {
    super(code);
  }
}

function refusal(exchange: Exchange, { code }: Failure): Error {
  const accept = exchange.clientHeaders.get('accept');
  if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'].includes(code))
    return exitError(503, 'name resolution failed', exchange.id, accept);
  const isLate = code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT';
  return gatewayError(isLate ? 504 : 502, exchange.id, accept ?? exchange.clientHeaders.get('content-type'));
}

function askOnce(exchange: Exchange, isRetry: boolean): Promise<UpstreamAnswer> {
  const { service, request } = exchange;
  const isTls = service?.['protocol'] === 'https';
  const query = exchange.hasQuery ? `?${exchange.query}` : '';
  const isUpgrade = exchange.headers.has('upgrade');
  const outgoing = (isTls ? https : http).request({
    host: textOf(service?.['host']),
    port: Number(service?.['port']),
    method: exchange.upstreamMethod,
    path: escapePath(exchange.upstreamPath) + query,
    headers: withFraming(exchange),
    agent: isUpgrade || isRetry ? false : isTls ? agents.https : agents.http,
    setHost: false,
    rejectUnauthorized: service?.['tls_verify'] === true,
    ...(isTls ? { servername: textOf(service['host']) } : {}),
  });
  return new Promise((resolve, reject) => {
    const isBodyless = !hasBody(exchange);
    let isConnected = false;
    const fail = (code: string) =>
      reject(
        new Failure(
          code,
          (!isConnected || outgoing.reusedSocket) && (isBodyless || !request.readableDidRead),
        ),
      );
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNRESET'));
    outgoing.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (isConnected = true));
      else isConnected = true;
    });
    watchTimes(exchange, outgoing, fail);
    exchange.response.on('close', () => {
      if (!exchange.response.writableFinished) outgoing.destroy(); // the client went away
    });
    outgoing.on('response', (message) => resolve({ message }));
    outgoing.on('upgrade', (message, socket, head) => resolve({ message, socket, head }));
    sendBody(exchange, outgoing);
  });
}

function watchTimes(exchange: Exchange, outgoing: ClientRequest, fail: (code: string) => void): void {
  const { connect_timeout: connect, read_timeout: read } = exchange.service ?? {};
  const give = (ms: number) =>
    setTimeout(() => {
      fail('ETIMEDOUT');
      outgoing.destroy();
    }, ms);
  let isOver = false;
  let timer = give(Number(connect ?? 60_000));
  const restart = () => {
    clearTimeout(timer);
    if (!isOver) timer = give(Number(read ?? 60_000));
  };
  outgoing.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', restart);
    else restart();
  });
  outgoing.once('finish', restart);
  for (const end of ['response', 'upgrade', 'error', 'close'] as const)
    outgoing.once(end, () => {
      isOver = true;
      clearTimeout(timer);
    });
}

function hasBody({ body, clientHeaders }: Exchange): boolean {
  return (
    body !== undefined ||
    clientHeaders.has('transfer-encoding') ||
    Number(clientHeaders.get('content-length') ?? 0) > 0
  );
}

function withFraming(exchange: Exchange): string[] {
  const { headers, body, clientHeaders } = exchange;
  if (body !== undefined) headers.set('Content-Length', String(body.length));
  else if (clientHeaders.has('transfer-encoding')) {
    headers.delete('Content-Length');
    return [...headers.raw(), 'Transfer-Encoding', 'chunked'];
  } else if (!clientHeaders.has('content-length') && /^(POST|PUT|PATCH)$/.test(exchange.upstreamMethod))
    headers.set('Content-Length', '0');
  return headers.raw();
}

function sendBody(exchange: Exchange, outgoing: ClientRequest): void {
  const { request, response, body } = exchange;
  if (body !== undefined) return void outgoing.end(body);
  if (!hasBody(exchange)) return void outgoing.end();
  if (exchange.expectsContinue) response.writeContinue();
  request.pipe(outgoing);
  request.once('aborted', () => outgoing.destroy());
}

/** Bytes that may not stand in a request line as they are. */
function escapePath(path: string): string {
  return path.replace(/[^\x21-\x7e]|[<>"{}|\\^`]/g, (char) => encodeURIComponent(char));
}
