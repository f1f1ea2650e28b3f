import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A request as it reached a service behind the gateway. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** As on the wire: names in their spelling, in order, with repetitions. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  /** Names in lower case; of repeated ones as Node joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Header by which a test finds its own request again. */
export const TEST_ID = 'x-test-id';
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Stands for every service behind the gateway and remembers what it was sent. Answers with that as JSON; a path that
 * ends in /stream with three server-sent events; an upgrade as a websocket that sends every byte back.
 */
export class Upstream {
  private readonly seen = new Map<string, SeenRequest>();
  private count = 0;

  private constructor(private readonly server: Server) {}

  static async start(host = '127.0.0.1'): Promise<Upstream> {
    const server = createServer({ maxHeaderSize: 256 * 1024 });
    const upstream = new Upstream(server);
    server.on('request', (request, response) => void upstream.answer(request, response));
    server.on('upgrade', (request, socket) => upstream.upgrade(request, socket));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many requests came, of whatever kind. */
  get requests(): number {
    return this.count;
  }

  /** What arrived of the request with this `X-Test-Id`, if anything did. */
  find(id: string): SeenRequest | undefined {
    return this.seen.get(id);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const seen = this.remember(request, body);
    if (new URL(seen.path, 'http://upstream').pathname.endsWith('/stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const word of ['one', 'two', 'three']) response.write(`data: ${word}\n\n`);
      response.end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(seen));
  }

  private upgrade(request: IncomingMessage, socket: Duplex): void {
    this.remember(request, '');
    const key = (request.headers['sec-websocket-key'] ?? '') + WEBSOCKET_GUID;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  }

  private remember(request: IncomingMessage, body: string): SeenRequest {
    this.count += 1;
    const { rawHeaders: raw } = request;
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      rawHeaders: Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? '', raw[2 * i + 1] ?? '']),
      headers: request.headers as Record<string, string>,
      body,
    };
    const id = seen.headers[TEST_ID];
    if (id !== undefined) this.seen.set(id, seen);
    return seen;
  }
}
