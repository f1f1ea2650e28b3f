import { describe, expect, it } from '@jest/globals';
import { readTraceContext, traceHeadersOf } from './trace-context.js';
import { startClientSpan, traceHeaders } from './tracing.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${SPAN}-01`;

describe('a traceparent', () => {
  it('names a trace, the span in it, and whether it is kept', () => {
    expect(readTraceContext({ traceparent: GOOD, tracestate: 'a=1' })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
      state: 'a=1',
    });
    expect(readTraceContext({ traceparent: `00-${TRACE}-${SPAN}-00` })?.sampled).toBe(false);
  });

  it('of a later version is read as far as it is known', () => {
    expect(readTraceContext({ traceparent: `cc-${TRACE}-${SPAN}-03-what-comes` })?.traceId).toBe(TRACE);
  });

  it.each([
    ['none', undefined],
    ['several', [GOOD, GOOD]],
    ['another form', 'x'],
    ['capital letters', GOOD.toUpperCase()],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that is forbidden', `ff-${TRACE}-${SPAN}-01`],
    ['more than its version has', `${GOOD}-more`],
    ['a secret', 'Bearer eyJhbGciOi'],
  ])('with %s is no trace', (_name, traceparent) => {
    expect(readTraceContext({ traceparent })).toBeUndefined();
  });

  it('is written as it was read', () => {
    const context = readTraceContext({ traceparent: GOOD, tracestate: 'a=1' });
    expect(context && traceHeadersOf(context)).toEqual({ traceparent: GOOD, tracestate: 'a=1' });
    expect(readTraceContext({ traceparent: GOOD, tracestate: 'a'.repeat(513) })?.state).toBeUndefined();
  });
});

describe('without tracing', () => {
  it("a request's trace is passed on as it came, and nothing else", () => {
    expect(traceHeaders({ traceparent: GOOD, authorization: 'Bearer x' })).toEqual({ traceparent: GOOD });
    expect(traceHeaders({ traceparent: 'garbage' })).toEqual({});
  });

  it('nothing is measured', () => {
    expect(startClientSpan('GET', {})).toBeUndefined();
  });
});
