import type { FastifyReply } from 'fastify';
import { defineProblem } from '#problem';

/** Nobody reads this; it is how such a request ends in the log, under the status that nginx gave it. */
export const ClientGone = defineProblem({
  type: 'service/client-gone',
  status: 499,
  title: 'The client has gone',
  detail: 'The client closed the connection before its answer was out.',
  help: 'What was under way for this request alone was stopped.',
});

/** Aborted when the client has gone before its answer was out: whatever was done for it alone can stop. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(ClientGone());
  });
  return gone.signal;
}
