import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gate, Step } from './stepped-proxy.js';

/**
 * A proxy in front of Keycloak that sees each request begin and end. A request that has arrived is carried out even if
 * auth-api has given it up meanwhile, as by a Keycloak that hung.
 */
export class KeycloakProxy {
  private readonly listener: Server;

  private constructor(
    private readonly target: string,
    private readonly gate: Gate,
  ) {
    this.listener = createServer((incoming, outgoing) => {
      this.serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async to(url: string, gate: Gate): Promise<KeycloakProxy> {
    const proxy = new KeycloakProxy(url, gate);
    await new Promise<void>((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    this.listener.closeAllConnections();
    await closed;
  }

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = await wholeOf(incoming);
    const step: Step = { to: 'keycloak', connection: undefined, what: `${method} ${url}` };
    if (!(await this.gate.before(step))) return void outgoing.destroy();
    const { answer, answered } = await this.ask(method, url, headers, body).catch((error: unknown) => {
      this.gate.lost(step);
      throw error;
    });
    if (!(await this.gate.after(step))) return void outgoing.destroy();
    const kept = Object.entries(answer.headers).filter(([name]) => name !== 'transfer-encoding');
    if (answered.length > 0) kept.push(['content-length', String(answered.length)]);
    outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    outgoing.end(answered);
  }

  private async ask(
    method: string,
    url: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<{ answer: IncomingMessage; answered: Buffer }> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(this.target + url, { method, headers }, resolve);
      sent.once('error', reject);
      sent.end(body);
    });
    return { answer, answered: await wholeOf(answer) };
  }
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
