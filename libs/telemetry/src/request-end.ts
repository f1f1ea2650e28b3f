import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** nginx's status for it. Fastify itself tells of no end where the client went before the answer was out. */
const CLIENT_GONE = 499;

/** Calls `ended` once for each request, with the status it was answered with, or 499. */
export function onRequestEnd(
  server: FastifyInstance,
  ended: (request: FastifyRequest, reply: FastifyReply, status: number) => void,
): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) ended(request, reply, CLIENT_GONE);
    });
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    if (reply.raw.writableFinished) ended(request, reply, reply.statusCode);
    done();
  });
}
