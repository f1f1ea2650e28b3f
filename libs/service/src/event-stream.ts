import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { type Problem, toProblem } from '#problem';
import { ClientGone } from './gone.js';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy before us is not to wait for the end either.
  'x-accel-buffering': 'no',
};

/** So much of an answer waits for a slow client; then whoever makes the events waits. */
const WAITING_BYTES = 16 * 1024;

interface EventStreamOptions {
  readonly logger: Logger;
  /** What goes wrong after the head can only be said in the stream: as this event, which is then the last. */
  readonly lastWord: (problem: Problem) => string;
}

/** Answers with server-sent events as they come. A client that has gone is told nothing. */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<string>,
  options: EventStreamOptions,
): FastifyReply {
  const body = Readable.from(toTheirEnd(events, reply.request.id, options), {
    objectMode: false,
    highWaterMark: WAITING_BYTES,
  });
  return reply.headers(HEADERS).send(body);
}

async function* toTheirEnd(
  events: AsyncIterable<string>,
  requestId: string,
  { logger, lastWord }: EventStreamOptions,
): AsyncGenerator<string, void> {
  try {
    yield* events;
  } catch (error) {
    if (ClientGone.is(error)) return;
    const problem = toProblem(error, requestId);
    logger.error({ request_id: requestId, type: problem.type, err: problem.cause }, problem.detail);
    yield lastWord(problem);
  }
}
