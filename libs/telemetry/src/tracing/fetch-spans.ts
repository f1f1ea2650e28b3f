import { subscribe } from 'node:diagnostics_channel';
import type { OpenSpan, SpanAttributes } from './span.js';
import { traceHeadersOf } from './trace-context.js';

/** The part of undici's request that its diagnostics channels show. */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
  addHeader(name: string, value: string): unknown;
}

/**
 * A span for every `fetch` within a request's trace, which is passed on with it. Node's own channels tell: nothing is
 * patched. Only the host is kept: paths and queries hold names and secrets.
 *
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
export function traceFetches(
  start: (name: string, attributes: SpanAttributes) => OpenSpan | undefined,
): void {
  const spans = new WeakMap<object, OpenSpan>();
  const finish = (message: unknown, last?: (span: OpenSpan) => void) => {
    const { request } = message as { request: object };
    const span = spans.get(request);
    if (span === undefined || !span.isOpen) return;
    last?.(span);
    span.end();
  };
  subscribe('undici:request:create', (message) => {
    const { request } = message as { request: UndiciRequest };
    const { hostname, port, protocol } = new URL(request.origin);
    const span = start(request.method, {
      'http.request.method': request.method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    });
    if (span === undefined) return;
    spans.set(request, span);
    for (const [name, value] of Object.entries(traceHeadersOf(span.context))) request.addHeader(name, value);
  });
  subscribe('undici:request:headers', (message) => {
    const { request, response } = message as { request: object; response: { statusCode: number } };
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': response.statusCode });
    if (response.statusCode >= 400) span?.fail(String(response.statusCode));
  });
  subscribe('undici:request:trailers', (message) => finish(message));
  subscribe('undici:request:error', (message) =>
    finish(message, (span) => span.fail(errorType((message as { error: unknown }).error))),
  );
}

function errorType(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return [code, name].find((word): word is string => typeof word === 'string') ?? 'error';
}
