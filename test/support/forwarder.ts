import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP forwarder between auth-api and a part of the stack: a network that fails when a test says so. */
export class Forwarder {
  private readonly pairs = new Set<Pair>();
  private readonly listener: Server;
  private listeningPort = 0;
  private frozen = false;

  private constructor(
    private readonly host: string,
    private readonly targetPort: number,
  ) {
    this.listener = createServer({ pauseOnConnect: true }, (client) => this.join(client));
  }

  static async to(url: string): Promise<Forwarder> {
    const { hostname, port } = new URL(url);
    const forwarder = new Forwarder(hostname, Number(port));
    await forwarder.accept();
    return forwarder;
  }

  /** The same URL, by way of this forwarder. */
  url(original: string): string {
    const url = new URL(original);
    url.hostname = '127.0.0.1';
    url.port = String(this.listeningPort);
    return url.href.replace(/\/$/, '');
  }

  /** Connections are refused from now on, and those there are get a reset: the other side has died. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const { client, server } of this.pairs) for (const socket of [client, server]) cut(socket);
    await closed;
  }

  /** Listens again, at the same port. */
  async accept(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.listener.once('error', reject);
      this.listener.listen(this.listeningPort, '127.0.0.1', resolve);
    });
    this.listeningPort = (this.listener.address() as AddressInfo).port;
  }

  /** Whether connections are accepted. */
  get isOpen(): boolean {
    return this.listener.listening;
  }

  /** Nothing passes any more, and nothing ends: the other side hangs. What was sent meanwhile arrives at `thaw`. */
  freeze(): void {
    this.frozen = true;
    for (const { client, server } of this.pairs) for (const socket of [client, server]) socket.pause();
  }

  /** The connections there are hang for ever, as after a failover that nobody said goodbye in; new ones pass. */
  strand(): void {
    for (const { client, server } of this.pairs) for (const socket of [client, server]) socket.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const { client, server } of this.pairs) for (const socket of [client, server]) socket.resume();
  }

  async close(): Promise<void> {
    if (this.listener.listening) await this.refuse();
  }

  private join(client: Socket): void {
    const server = connect(this.targetPort, this.host);
    const pair = { client, server };
    this.pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk: Buffer) => to.write(chunk));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    client.on('close', () => this.pairs.delete(pair));
    for (const socket of [client, server])
      if (this.frozen) socket.pause();
      else socket.resume();
  }
}

/** With a reset where that is possible: Node leaves one that is connecting or shutting down open for ever. */
function cut(socket: Socket): void {
  if (socket.readyState === 'open' && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
