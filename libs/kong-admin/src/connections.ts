import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { KongAdminTls } from './options.js';

/** A flood of pushes waits for one of these instead of opening ever more connections to a node. */
const CONNECTIONS_PER_NODE = 32;
/** Less than the 75 s after which Kong's nginx hangs up on an idle connection. */
const IDLE_MS = 30_000;

export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Connections to the nodes: kept alive and bounded, with a certificate of ours where one is asked for. Node's `fetch`
 * has no bound and no client certificate without another package.
 */
export class Connections {
  private readonly http: HttpAgent;
  private readonly https: HttpsAgent;

  constructor(tls: KongAdminTls = {}) {
    const kept = { keepAlive: true, maxSockets: CONNECTIONS_PER_NODE, timeout: IDLE_MS };
    this.http = new HttpAgent(kept);
    this.https = new HttpsAgent({ ...kept, cert: tls.cert, key: tls.key?.reveal(), ca: tls.ca });
  }

  /** @throws what Node throws where there is no connection or no answer in time */
  async send(url: string, sent: Sent): Promise<Answer> {
    const deadline = performance.now() + sent.timeoutMs;
    try {
      return await this.exchange(url, sent);
    } catch (error) {
      // The node hung up on an idle connection while we took it up again: nobody has seen the request.
      const timeoutMs = deadline - performance.now();
      if (error instanceof HungUp && timeoutMs > 0) return this.exchange(url, { ...sent, timeoutMs });
      throw error;
    }
  }

  private exchange(url: string, { method, headers, body, timeoutMs }: Sent): Promise<Answer> {
    const isTls = url.startsWith('https:');
    const options = { method, headers: withLength(headers, body) };
    return new Promise((resolve, reject) => {
      const request = isTls
        ? httpsRequest(url, { ...options, agent: this.https })
        : httpRequest(url, { ...options, agent: this.http });
      // Not an AbortSignal: of 20,000 writes those are a tenth of all our work.
      const late = () => request.destroy(new Error(`no answer within ${Math.ceil(timeoutMs)} ms`));
      const timer = setTimeout(late, timeoutMs);
      request.on('close', () => clearTimeout(timer));
      let isAnswered = false;
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && !isAnswered && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '');
        reject(isStale ? new HungUp('connection closed while idle', { cause: error }) : error);
      });
      request.on('response', (response) => {
        isAnswered = true;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      request.end(body);
    });
  }
}

class HungUp extends Error {}

function withLength(headers: Readonly<Record<string, string>>, body: string | undefined) {
  return body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}
