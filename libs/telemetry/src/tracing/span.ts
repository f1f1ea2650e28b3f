import type { TraceContext } from './trace-context.js';

export type SpanKind = 'server' | 'client';
/** Fixed words, names of ours and numbers: never a client's text, a query string or a credential. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** A piece of work that is being measured. */
export interface OpenSpan {
  readonly context: TraceContext;
  readonly isOpen: boolean;
  set(attributes: SpanAttributes): void;
  /** `why` is a class or a code, never a message: messages quote what they are about. */
  fail(why: string): void;
  end(): void;
}

/** What makes spans and sends them away; the one implementation is loaded only when it is wanted. */
export interface Tracer {
  start(name: string, kind: SpanKind, attributes: SpanAttributes, parent: TraceContext | undefined): OpenSpan;
  /** Sends what is waiting. */
  stop(): Promise<void>;
}
