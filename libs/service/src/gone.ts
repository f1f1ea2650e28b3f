import type { FastifyReply } from 'fastify';

/** Aborted when the client has gone before its answer was out: whatever was done for it alone can stop. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
