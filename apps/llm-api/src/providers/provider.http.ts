import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ProviderTimeouts } from './providers.options.js';

const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

/** No answer: `code` is Node's or ours, and safe to log, which Node's own message is not (it names the address). */
export class NoAnswer extends Error {
  constructor(
    readonly kind: 'unreachable' | 'late' | 'broken',
    readonly code: string,
  ) {
    super(`${kind}: ${code}`);
    this.name = 'NoAnswer';
  }
}

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as POST if there is one. */
  readonly body?: string;
  readonly timeouts: ProviderTimeouts;
  readonly signal?: AbortSignal;
}

/**
 * Asks a provider; resolves with the head of its answer. Of the caller's request nothing is taken but what is given here.
 * Once the signal is aborted the connection is cut, also while the answer is read.
 *
 * @throws {NoAnswer} none, or none in time
 * @throws {unknown} the signal's reason
 */
export async function ask(question: Question): Promise<IncomingMessage> {
  question.signal?.throwIfAborted();
  try {
    return await askOnce(question, true);
  } catch (error) {
    question.signal?.throwIfAborted();
    // A kept connection that the provider closed while the request was on its way: Node's documentation asks for this.
    if (error instanceof StaleConnection) return askOnce(question, false);
    throw error;
  }
}

class StaleConnection extends Error {}

function askOnce(
  { url, headers, body, timeouts, signal }: Question,
  reuse: boolean,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const outgoing = (isTls ? https : http).request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    agent: reuse ? agents[isTls ? 'https' : 'http'] : false,
    signal,
  });
  return new Promise((resolve, reject) => {
    const stopClock = watch(outgoing, isTls, timeouts);
    outgoing.once('response', (answer) => {
      stopClock();
      // From here on whoever reads the answer hears of what goes wrong.
      outgoing.on('error', () => undefined);
      resolve(answer);
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      stopClock();
      const wasCut = outgoing.reusedSocket && error.code === 'ECONNRESET';
      if (error instanceof NoAnswer) reject(error);
      else reject(wasCut ? new StaleConnection() : new NoAnswer('unreachable', error.code ?? error.name));
    });
    outgoing.end(body);
  });
}

/** Ends the request when connecting, and then the head of the answer, takes too long. @returns stops the clock */
function watch(outgoing: ClientRequest, isTls: boolean, { connectMs, firstByteMs }: ProviderTimeouts) {
  const limit = (ms: number, code: string) =>
    setTimeout(() => outgoing.destroy(new NoAnswer('late', code)), ms);
  let timer = limit(connectMs, 'connect');
  const connected = () => {
    clearTimeout(timer);
    timer = limit(firstByteMs, 'first byte');
  };
  outgoing.once('socket', (socket) => {
    if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', connected);
    else connected();
  });
  return () => clearTimeout(timer);
}

/**
 * The body as it comes, read no faster than it is taken; the clock runs only while we wait for the provider. Whoever stops
 * early cuts the connection.
 *
 * @throws {NoAnswer} it breaks off, or falls silent @throws {unknown} the signal's reason
 */
export async function* bodyOf(
  answer: IncomingMessage,
  idleMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const timer = setTimeout(() => answer.destroy(new NoAnswer('late', 'silence')), idleMs);
      const next = await chunks.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer('broken', (error as NodeJS.ErrnoException).code ?? 'unknown');
  } finally {
    answer.destroy();
  }
}
