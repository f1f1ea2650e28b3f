import type { FastifyInstance, FastifyRequest } from 'fastify';
import { onRequestEnd } from '../request-end.js';
import type { OpenSpan } from './span.js';
import { readTraceContext } from './trace-context.js';
import { insideSpan, isTracing, startRequestSpan, stopTracing } from './tracing.js';

const spans = new WeakMap<FastifyRequest, OpenSpan>();

/**
 * A span for every request, in the trace that its `traceparent` names. What is asked all the time (`quiet`) is measured
 * only as part of somebody's trace. Without tracing there is not even a hook.
 */
export function traceRequests(server: FastifyInstance, quiet: ReadonlySet<string>): void {
  if (!isTracing()) return;
  server.addHook('onRequest', (request, _reply, done) => {
    const { url: route = 'none' } = request.routeOptions;
    const parent = readTraceContext(request.headers);
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const span =
      parent === undefined && quiet.has(route)
        ? undefined
        : startRequestSpan(`${request.method} ${route}`, attributes, parent);
    if (span === undefined) return done();
    spans.set(request, span);
    insideSpan(span, done);
  });
  // The body came in by events of the connection, which belong to nobody's trace.
  server.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else insideSpan(span, done);
  });
  onRequestEnd(server, (request, _reply, status) => {
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': status });
    if (status >= 500) span?.fail(String(status));
    span?.end();
  });
  server.addHook('onClose', stopTracing);
}

/** The trace of a request, ours or the one it says it belongs to, so that log lines of several systems are found together. */
export function traceIdOf(request: FastifyRequest): string | undefined {
  return (spans.get(request)?.context ?? readTraceContext(request.headers))?.traceId;
}
