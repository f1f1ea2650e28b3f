import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Histogram } from 'prom-client';
import { registry } from './metrics.js';
import { onRequestEnd } from './request-end.js';
import { traceIdOf, traceRequests } from './tracing/request-spans.js';

const ACCEPTED_REQUEST_ID = /^[\w.:-]{8,64}$/;

const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the first byte of a request to the end of its answer.',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
});

/** A caller's `X-Request-Id` when it is harmless in a log and a header, else a new UUID. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED_REQUEST_ID.test(given) ? given : randomUUID();
}

/** What a service knows about the caller, for the log line; gathered only when the answer is out. */
export type DescribeCaller = (request: FastifyRequest) => Readonly<Record<string, unknown>>;

/**
 * One log line and one measurement a request, written when the answer is out or its client has gone (499); `X-Request-Id` on every answer.
 * Paths that are asked all the time (probes, key validation) are logged at debug unless they fail.
 */
export function logRequests(
  server: FastifyInstance,
  logger: Logger,
  { quiet, describeCaller }: { quiet: readonly string[]; describeCaller: DescribeCaller },
): void {
  const quietRoutes = new Set(quiet);
  traceRequests(server, quietRoutes);
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  onRequestEnd(server, (request, reply, status) => {
    const route = request.routeOptions.url ?? 'none';
    duration.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    const level = status >= 500 ? 'error' : quietRoutes.has(route) ? 'debug' : 'info';
    if (!logger.isLevelEnabled(level)) return;
    logger[level](
      {
        request_id: request.id,
        trace_id: traceIdOf(request),
        method: request.method,
        path: request.url.split('?', 1)[0],
        status,
        latency_ms: Math.round(reply.elapsedTime * 100) / 100,
        address: request.ip,
        ...describeCaller(request),
      },
      'request',
    );
  });
}
