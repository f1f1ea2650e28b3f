import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type MoreMembers, problemText, toProblem } from '#problem';

const CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** What Fastify refuses before routing, such as a path with a broken escape. */
export function answerUnroutable(more?: MoreMembers) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = toProblem(error, request.id);
    void reply
      .code(problem.status)
      .headers({
        'content-type': CONTENT_TYPE,
        'x-request-id': request.id,
        'x-content-type-options': 'nosniff',
      })
      .send(problemText(problem, request.id, more));
  };
}

/** What Node's parser refuses before there is a request: no HTTP, or a head that is too long or too slow. */
export function answerUnreadable(more?: MoreMembers) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const requestId = randomUUID();
    const problem = toProblem(Object.assign(error, { statusCode: statusOf(error.code) }), requestId);
    const body = problemText(problem, requestId, more);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${CONTENT_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'X-Content-Type-Options: nosniff',
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}

function statusOf(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}
