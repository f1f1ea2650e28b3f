import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Gate, Step } from './stepped-proxy.js';

const OUR_NAME = /^gatehouse[-:](requests|locks|jobs)?/;
const QUERY = 'Q';
const SYNC = 'S';
const PARSE = 'P';
const BIND = 'B';
const READY_FOR_QUERY = 'Z';

/**
 * A proxy in front of PostgreSQL that knows the wire protocol well enough to see each statement begin and end
 * (https://www.postgresql.org/docs/15/protocol.html). Connections of others pass through unseen.
 */
export class PostgresProxy {
  private readonly sockets = new Set<Socket>();
  private readonly conversations = new Map<Socket, Conversation>();
  private readonly listener: Server;
  private frozen: { readonly purpose: string; readonly thawed: Promise<void>; thaw(): void } | undefined;

  private constructor(
    private readonly target: URL,
    private readonly gate: Gate,
  ) {
    this.listener = createServer((client) => this.join(client));
  }

  /** @param url of the database; passwords are the client's business */
  static async to(url: string, gate: Gate): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(url), gate);
    await new Promise<void>((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The same database, by way of this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.listener.address() as AddressInfo).port);
    return url.href;
  }

  /** What PostgreSQL says on connections of this purpose comes late: when `thaw` is called. Nobody is told of it. */
  freeze(purpose: string): void {
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    this.frozen = { purpose, thawed, thaw };
  }

  thaw(): void {
    this.frozen?.thaw();
    this.frozen = undefined;
  }

  /** Local ports of the connections to PostgreSQL of this purpose, as pg_stat_activity has them in client_port. */
  serverPorts(purpose: string): number[] {
    return [...this.conversations].flatMap(([server, conversation]) =>
      conversation.purpose === purpose && server.localPort !== undefined ? [server.localPort] : [],
    );
  }

  async close(): Promise<void> {
    this.thaw();
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(client: Socket): void {
    const server = connect(Number(this.target.port), this.target.hostname);
    const conversation = new Conversation(this.gate);
    this.conversations.set(server, conversation);
    server.once('close', () => {
      this.conversations.delete(server);
      conversation.close();
    });
    for (const [from, to, pass] of [
      [client, server, (chunk: Buffer) => conversation.ask(chunk)],
      [server, client, (chunk: Buffer) => conversation.answer(chunk)],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      let order = Promise.resolve();
      const next = (work: () => Promise<void> | void): void => {
        order = order
          .then(() => {
            if (from === server && this.frozen?.purpose === conversation.purpose) return this.frozen?.thawed;
          })
          .then(work);
      };
      from.on('data', (chunk: Buffer) =>
        next(async () => {
          for await (const passed of pass(chunk)) if (!to.destroyed) to.write(passed);
        }),
      );
      from.on('end', () => next(() => void to.end()));
      from.on('error', () => next(() => void to.destroy()));
      from.on('close', () => {
        this.sockets.delete(from);
        next(() => void to.destroy());
      });
    }
  }
}

/** One connection: cuts both directions into messages and matches each statement with its end. */
class Conversation {
  private asked: Buffer = Buffer.alloc(0);
  private answered: Buffer = Buffer.alloc(0);
  private started = false;
  private closed = false;
  /** Of the connection: requests, locks, jobs, changes; undefined for a stranger's, and before it is known. */
  purpose: string | undefined;
  private statement = '';
  private readonly statements = new Map<string, string>();
  private readonly underWay: Step[] = [];

  constructor(private readonly gate: Gate) {}

  async *ask(chunk: Buffer): AsyncGenerator<Buffer> {
    this.asked = Buffer.concat([this.asked, chunk]);
    if (!this.started) {
      if (this.asked.length < 4 || this.asked.length < this.asked.readInt32BE(0)) return;
      yield this.start(this.asked.readInt32BE(0));
    }
    if (this.purpose === undefined) return yield* this.drain();
    for (;;) {
      const batch = this.asked.subarray(0, endOfBatch(this.asked));
      if (batch.length === 0) return;
      this.asked = this.asked.subarray(batch.length);
      const step = this.read(batch);
      if (step === undefined) yield batch;
      else if (await this.gate.before(step)) {
        this.underWay.push(step);
        if (this.closed) this.close();
        yield batch;
      }
    }
  }

  async *answer(chunk: Buffer): AsyncGenerator<Buffer> {
    if (this.purpose === undefined) return yield chunk;
    this.answered = Buffer.concat([this.answered, chunk]);
    for (const { type, end } of messages(this.answered)) {
      if (type !== READY_FOR_QUERY) continue;
      const step = this.underWay.shift();
      const passes = step === undefined || (await this.gate.after(step));
      const part = this.answered.subarray(0, end);
      this.answered = this.answered.subarray(end);
      if (passes) yield part;
      return yield* this.answer(Buffer.alloc(0));
    }
    // Before the first statement, and for notices, there is no end to wait for.
    if (this.underWay.length === 0 && this.answered.length > 0) {
      const rest = this.answered;
      this.answered = Buffer.alloc(0);
      yield rest;
    }
  }

  /** What is under way has no end any more. */
  close(): void {
    this.closed = true;
    for (const step of this.underWay.splice(0)) this.gate.lost(step);
  }

  private start(length: number): Buffer {
    const startup = this.asked.subarray(0, length);
    this.asked = this.asked.subarray(length);
    this.started = true;
    const parameters = startup.subarray(8).toString().split('\0');
    const name = parameters[parameters.indexOf('application_name') + 1] ?? '';
    const known = OUR_NAME.exec(name);
    this.purpose = known ? (known[1] ?? 'changes') : undefined;
    return startup;
  }

  private *drain(): Generator<Buffer> {
    if (this.asked.length === 0) return;
    const rest = this.asked;
    this.asked = Buffer.alloc(0);
    yield rest;
  }

  /** What a batch asks for; undefined for passwords and the like. */
  private read(batch: Buffer): Step | undefined {
    let last = '';
    for (const { type, begin, end } of messages(batch)) {
      const [first = '', second = ''] = batch
        .subarray(begin + 5, end)
        .toString()
        .split('\0');
      if (type === PARSE) this.statements.set(first, (this.statement = second));
      if (type === BIND) this.statement = this.statements.get(second) ?? second;
      if (type === QUERY) this.statement = first;
      last = type;
    }
    if (last !== QUERY && last !== SYNC) return undefined;
    return { to: 'postgres', connection: this.purpose, what: this.statement.trim().replace(/\s+/g, ' ') };
  }
}

interface Message {
  readonly type: string;
  readonly begin: number;
  readonly end: number;
}

/** The whole messages of a buffer: a letter, and a length that counts itself. */
function* messages(buffer: Buffer): Generator<Message> {
  for (let begin = 0; begin + 5 <= buffer.length;) {
    const end = begin + 1 + buffer.readInt32BE(begin + 1);
    if (end > buffer.length) return;
    yield { type: String.fromCharCode(buffer[begin] as number), begin, end };
    begin = end;
  }
}

/** Behind the first message that asks for an answer, 0 when it has not come yet: P, B, D and E wait for their S. */
function endOfBatch(buffer: Buffer): number {
  for (const { type, end } of messages(buffer)) if (!'PBDEC'.includes(type)) return end;
  return 0;
}
