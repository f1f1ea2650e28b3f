import type { buildConnector, Client as UndiciClient, Dispatcher } from 'undici';
import { Client } from './undici.js';

/** Less than the 75 s after which Kong's nginx hangs up on an idle connection. */
const IDLE_MS = 30_000;

export interface Sent {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** The node hung up on an idle connection while we took it up again: nobody has seen the request. */
export class HungUp extends Error {}

/** One connection to a node, for one request at a time; made when it is needed, and made anew when it was lost. */
export class Line {
  private client: UndiciClient | undefined;
  /** The connection of now has brought an answer before. */
  private hasServed = false;

  constructor(
    private readonly origin: string,
    private readonly connect: buildConnector.connector,
  ) {}

  /**
   * @param timeoutMs for everything, from the connection to the last byte of the answer
   * @throws {HungUp} and what undici throws where there is no connection or no answer in time
   */
  exchange(sent: Sent, timeoutMs: number): Promise<Answer> {
    const client = (this.client ??= this.open());
    return new Promise((resolve, reject) => {
      // Not an AbortSignal: of 20,000 writes those are a tenth of all our work.
      const timer = setTimeout(() => {
        const late = new Error(`no answer within ${Math.ceil(timeoutMs)} ms`);
        reject(late);
        this.cut(late);
      }, timeoutMs);
      const chunks: Buffer[] = [];
      let status = 0;
      let retryAfter: string | undefined;
      client.dispatch(sent, {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code, headers) => {
          status = code;
          retryAfter = headers['retry-after']?.toString();
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => {
          clearTimeout(timer);
          this.hasServed = true;
          resolve({ status, retryAfter, text: Buffer.concat(chunks).toString() });
        },
        onResponseError: (_controller, error) => {
          clearTimeout(timer);
          const isStale = this.hasServed && status === 0 && isClosing(error);
          reject(isStale ? new HungUp('connection closed while idle', { cause: error }) : error);
        },
      });
    });
  }

  /** Only one total limit, which also holds for a slow connection and an answer that trickles: undici has one for each part. */
  private open(): UndiciClient {
    const limits = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE_MS };
    const client = new Client(this.origin, { ...limits, connect: this.connect });
    return client.on('connect', () => (this.hasServed = false));
  }

  private cut(reason: Error): void {
    const lost = this.client;
    this.client = undefined;
    this.hasServed = false;
    void lost?.destroy(reason);
  }
}

/** The other side ended the connection, and said nothing else. */
function isClosing(error: Error): boolean {
  return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '');
}
