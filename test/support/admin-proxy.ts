import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenByKong {
  readonly method: string;
  readonly path: string;
}

/** What Kong does in the place of an answer of its own. */
export type Fault =
  | { readonly status: number; readonly body: string }
  /** No answer, ever. */
  | 'hang'
  | { readonly delayMs: number };

/** Stands before a node's Admin API: notes what is asked, and answers in its place when a test says so. */
export class AdminProxy {
  readonly seen: SeenByKong[] = [];
  fault: (request: SeenByKong) => Fault | undefined = () => undefined;
  private port = 0;
  private server: Server | undefined;

  private constructor(private readonly target: URL) {}

  static async to(adminUrl: string): Promise<AdminProxy> {
    const proxy = new AdminProxy(new URL(adminUrl));
    await proxy.accept();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What changed something of consumers, in the order in which it came. */
  get writes(): readonly SeenByKong[] {
    return this.seen.filter(
      ({ method, path }) =>
        method !== 'GET' && /^\/(consumers|key-auths|acls|oauth2|plugins|config)/.test(path),
    );
  }

  /** Nobody listens any more, and connections that are open are cut. */
  async refuse(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async accept(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      const seen = { method: incoming.method ?? '', path: incoming.url ?? '' };
      this.seen.push(seen);
      const fault = this.fault(seen);
      if (fault === 'hang') return;
      if (fault && 'status' in fault) {
        incoming.resume();
        outgoing.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body);
        return;
      }
      const { hostname, port } = this.target;
      const forward = () => {
        const { method, url: path, headers } = incoming;
        const request = httpRequest({ hostname, port, method, path, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        request.on('error', () => outgoing.destroy());
        incoming.pipe(request);
      };
      if (fault) setTimeout(forward, fault.delayMs);
      else forward();
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  stop(): Promise<void> {
    return this.refuse();
  }
}
