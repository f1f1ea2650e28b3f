import { AsyncLocalStorage } from 'node:async_hooks';
import type { OpenSpan, SpanAttributes, Tracer } from './span.js';
import { readTraceContext, type TraceContext, traceHeadersOf } from './trace-context.js';

export interface TracingOptions {
  readonly service: string;
  /** Base address of an OpenTelemetry collector (OTLP by HTTP); undefined: nothing is traced and nothing is loaded. */
  readonly endpoint: string | undefined;
}

const current = new AsyncLocalStorage<OpenSpan>();
let tracer: Tracer | undefined;

/**
 * Switches tracing on, if an endpoint is set. Called by a service's main before it makes its logger and its server: what
 * exists already is not traced.
 */
export async function startTracing({ service, endpoint }: TracingOptions): Promise<void> {
  if (endpoint === undefined || tracer !== undefined) return;
  const [{ OtlpTracer }, { traceFetches }] = await Promise.all([
    import('./otlp-tracer.js'),
    import('./fetch-spans.js'),
  ]);
  tracer = new OtlpTracer({ service, endpoint });
  traceFetches(startClientSpan);
}

/** Sends the last spans; afterwards nothing is traced. */
export async function stopTracing(): Promise<void> {
  const stopped = tracer;
  tracer = undefined;
  await stopped?.stop();
}

export function isTracing(): boolean {
  return tracer !== undefined;
}

/** The beginning of a service's work for a request, in the trace that its headers name or in a new one. */
export function startRequestSpan(
  name: string,
  attributes: SpanAttributes,
  parent: TraceContext | undefined,
): OpenSpan | undefined {
  return tracer?.start(name, 'server', attributes, parent);
}

/** Asks another system within the trace of the request that is being answered; undefined outside of any. */
export function startClientSpan(name: string, attributes: SpanAttributes): OpenSpan | undefined {
  const parent = tracer && current.getStore();
  // What a request has left behind it (a timer, a connection) is not part of it.
  if (parent === undefined || !parent.isOpen) return undefined;
  return tracer?.start(name, 'client', attributes, parent.context);
}

/** Everything that `work` starts belongs to this span. */
export function insideSpan<T>(span: OpenSpan, work: () => T): T {
  return current.run(span, work);
}

/** The trace of the work under way. */
export function currentTraceId(): string | undefined {
  return tracer && current.getStore()?.context.traceId;
}

/**
 * The headers with which a service passes a request's trace on to whom it asks. Where tracing is on this is done for
 * every `fetch` already, with the span that measures it.
 */
export function traceHeaders(
  incoming: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const given = tracer === undefined ? readTraceContext(incoming) : undefined;
  return given === undefined ? {} : traceHeadersOf(given);
}
