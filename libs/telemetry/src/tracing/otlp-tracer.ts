import {
  diag,
  DiagLogLevel,
  type DiagLogger,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { OpenSpan, SpanAttributes, SpanKind, Tracer } from './span.js';
import type { TraceContext } from './trace-context.js';

const KINDS = { server: OtelKind.SERVER, client: OtelKind.CLIENT } as const;
/** A collector that does not answer holds up the end of a process no longer than this. */
const EXPORT_TIMEOUT_MS = 3000;
const SEND_EVERY_MS = 1000;

/**
 * Spans by OpenTelemetry's SDK, sent in batches as OTLP JSON. The one file that imports it, and itself imported only by
 * `startTracing`: it takes 8 MB and 0.2 s that a service without tracing must not pay for.
 */
export class OtlpTracer implements Tracer {
  private readonly provider: TracerProvider;
  private readonly tracer: OtelTracer;

  constructor({ service, endpoint }: { readonly service: string; readonly endpoint: string }) {
    diag.setLogger(COMPLAINTS, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': service }),
      // Who sends a trace decides whether it is kept, so that one is kept as a whole or not at all.
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY_MS })],
    });
    this.tracer = this.provider.getTracer('gatehouse');
  }

  start(
    name: string,
    kind: SpanKind,
    attributes: SpanAttributes,
    parent: TraceContext | undefined,
  ): OpenSpan {
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, remote(parent)) : ROOT_CONTEXT;
    return new OtlpSpan(this.tracer.startSpan(name, { kind: KINDS[kind], attributes }, context));
  }

  async stop(): Promise<void> {
    await this.provider.shutdown();
  }
}

class OtlpSpan implements OpenSpan {
  readonly context: TraceContext;
  private ended = false;

  constructor(private readonly span: Span) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.context = { traceId, spanId, sampled, state: traceState?.serialize() };
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes);
  }

  fail(why: string): void {
    this.span.setAttribute('error.type', why);
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.ended = true;
    this.span.end();
  }
}

function remote({ traceId, spanId, sampled, state }: TraceContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    traceState: state === undefined ? undefined : createTraceState(state),
  };
}

/** The console is the service's log: see logProcessOutput. */
const complain = (message: string) => {
  // eslint-disable-next-line no-console -- this library knows no logger of ours
  console.warn(`tracing: ${message}`);
};
const COMPLAINTS: DiagLogger = {
  error: complain,
  warn: complain,
  info: () => undefined,
  debug: () => undefined,
  verbose: () => undefined,
};
