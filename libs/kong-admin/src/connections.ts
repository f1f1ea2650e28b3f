import type { buildConnector as BuildConnector } from 'undici';
import { type Answer, HungUp, Line, type Sent } from './line.js';
import type { KongAdminTls } from './options.js';
import { buildConnector } from './undici.js';

/** A flood of pushes waits for one of these instead of opening ever more connections to a node. */
const CONNECTIONS_PER_NODE = 32;
/** A connection that was given up is let go of after this; a request ends when its own time is over. */
const CONNECT_MS = 5000;

export type { Answer, Sent };

/**
 * Connections to the nodes: kept alive and bounded, with a certificate of ours where one is asked for, and straight to the
 * node whatever proxy the environment names. Node's `fetch` has no bound and no client certificate.
 */
export class Connections {
  private readonly nodes = new Map<string, Lines>();
  private readonly connect: BuildConnector.connector;

  constructor(tls: KongAdminTls = {}) {
    const { cert, key, ca } = tls;
    this.connect = buildConnector({ cert, key: key?.reveal(), ca, timeout: CONNECT_MS });
  }

  /** @throws what undici throws where there is no connection or no answer in time */
  async send(node: string, sent: Sent, timeoutMs: number): Promise<Answer> {
    const deadline = performance.now() + timeoutMs;
    const lines = this.linesTo(node);
    const line = lines.free() ?? (await lines.freed(timeoutMs));
    const ask = () =>
      line.exchange({ ...sent, path: lines.prefix + sent.path }, deadline - performance.now());
    try {
      return await ask();
    } catch (error) {
      // Once more, over a connection that is certainly new.
      if (error instanceof HungUp && performance.now() < deadline) return await ask();
      throw error;
    } finally {
      lines.giveBack(line);
    }
  }

  private linesTo(node: string): Lines {
    const known = this.nodes.get(node);
    if (known) return known;
    const lines = new Lines(node, this.connect);
    this.nodes.set(node, lines);
    return lines;
  }
}

/**
 * The lines to one node. Not undici's Pool: it takes a connection for busy until some time after the answer, and so opens
 * a second one for requests of which each waits for the one before.
 */
class Lines {
  readonly prefix: string;
  private readonly origin: string;
  /** The one that was used last is used first: the others may end. */
  private readonly idle: Line[] = [];
  private readonly waiting = new Set<(line: Line) => void>();
  private count = 0;

  constructor(
    node: string,
    private readonly connect: BuildConnector.connector,
  ) {
    const { origin, pathname } = new URL(node);
    this.origin = origin;
    this.prefix = pathname.replace(/\/$/, '');
  }

  free(): Line | undefined {
    const line = this.idle.pop();
    if (line !== undefined || this.count >= CONNECTIONS_PER_NODE) return line;
    this.count += 1;
    return new Line(this.origin, this.connect);
  }

  /** Waits until one is free, first come first served. */
  freed(timeoutMs: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const take = (line: Line) => {
        clearTimeout(timer);
        resolve(line);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(take);
        reject(new Error(`no connection was free within ${Math.ceil(timeoutMs)} ms`));
      }, timeoutMs);
      this.waiting.add(take);
    });
  }

  giveBack(line: Line): void {
    const [next] = this.waiting;
    if (next === undefined) return void this.idle.push(line);
    this.waiting.delete(next);
    next(line);
  }
}
