import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey as inventKey } from '../../../apps/auth-api/src/api-keys/key-format.js';
import { eventually, GATEWAY_CALL_SECRET } from '../../support/auth-api.js';
import { call, type TestMember } from '../../support/client.js';
import { Collector, type SentSpan } from '../../support/collector.js';
import { type Edge, type EdgeRequest, startEdge } from '../../support/edge.js';

const REQUESTS_AT_ONCE = 30;

/** A trace that some client began. */
function newTrace(flags = '01') {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, header: ['traceparent', `00-${traceId}-${spanId}-${flags}`] as const };
}

describe('a trace that a client began', () => {
  let collector: Collector;
  let edge: Edge;
  let ann: TestMember;
  let key: string;

  beforeAll(async () => {
    collector = await Collector.start();
    edge = await startEdge('edge-tracing', {
      authApi: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DATABASE_POOL_MAX: '2' },
    });
    ann = await edge.member();
    ({ key } = await edge.key(ann));
  });
  afterAll(async () => {
    await edge?.stop();
    await collector?.stop();
  });

  /** Sends a request within a trace of its own; resolves when the service has told of it. */
  async function traced(path: string, request: EdgeRequest) {
    const trace = newTrace();
    const answer = await edge.send(path, { ...request, headers: [trace.header, ...(request.headers ?? [])] });
    await eventually(() => serverSpan(trace.traceId) !== undefined, 'the collector hears of it');
    return { ...trace, answer, server: serverSpan(trace.traceId) as SentSpan };
  }
  const serverSpan = (traceId: string) =>
    collector.ofTrace(traceId).find(({ attributes }) => attributes['http.route'] !== undefined);
  const statements = (traceId: string) =>
    collector.ofTrace(traceId).filter(({ attributes }) => attributes['db.system.name'] === 'postgresql');

  it('passes the gateway untouched', async () => {
    const { header, traceId } = newTrace('00');
    const state = ['tracestate', 'vendor=opaque'] as const;
    const { seen } = await edge.send('/v1/models', { token: ann.accessToken, headers: [header, state] });
    expect(seen?.headers).toMatchObject({ traceparent: header[1], tracestate: state[1] });
    expect(traceId).toHaveLength(32);
  });

  it("goes on in the service, from the gateway's header to the SQL statement", async () => {
    const { traceId, spanId, answer, server } = await traced('/auth/api-keys', { token: ann.accessToken });
    expect(answer.status).toBe(200);
    expect(server).toMatchObject({
      service: 'auth-api',
      name: 'GET /auth/api-keys',
      parentSpanId: spanId,
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
      isFailed: false,
    });
    const read = statements(traceId).find(
      ({ attributes }) => attributes['db.collection.name'] === 'api_keys',
    );
    expect(read).toMatchObject({ name: 'SELECT api_keys', parentSpanId: server.spanId });
  });

  it('goes on over a request with a body, a transaction, and what Keycloak is asked', async () => {
    const created = await traced('/auth/api-keys', {
      method: 'POST',
      token: ann.accessToken,
      body: { name: 'traced' },
    });
    expect(created.answer.status).toBe(201);
    const names = statements(created.traceId).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['START', 'INSERT api_keys', 'COMMIT']));
    const login = await traced('/auth/login', {
      method: 'POST',
      body: { username: ann.username, password: ann.password },
    });
    const asked = collector
      .ofTrace(login.traceId)
      .find(({ attributes }) => attributes['server.address'] !== undefined);
    expect(asked).toMatchObject({
      name: 'POST',
      parentSpanId: login.server.spanId,
      attributes: { 'http.response.status_code': 200 },
    });
  });

  it('keeps its statements to itself, however many requests wait for two connections', async () => {
    const traces = Array.from({ length: REQUESTS_AT_ONCE }, () => newTrace());
    await Promise.all(
      traces.map(({ header }) =>
        call(edge.api.url, 'POST', '/auth/validate-api-key', {
          token: GATEWAY_CALL_SECRET,
          headers: { traceparent: header[1] },
          body: { api_key: inventKey('sk_live_').key },
        }),
      ),
    );
    await eventually(
      () => traces.every(({ traceId }) => serverSpan(traceId) !== undefined),
      'the collector hears of all',
    );
    for (const { traceId } of traces)
      expect(statements(traceId)).toMatchObject([
        {
          parentSpanId: serverSpan(traceId)?.spanId,
          attributes: { 'db.statement.name': 'api-key-by-hash' },
        },
      ]);
  });

  it('is not kept where the client said so, and one that cannot be read is no trace', async () => {
    const unwanted = newTrace('00');
    await edge.send('/auth/me', { token: ann.accessToken, headers: [unwanted.header] });
    const unreadable = ['traceparent', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`] as const;
    await edge.send('/auth/me', { token: ann.accessToken, headers: [unreadable] });
    await traced('/auth/me', { token: ann.accessToken });
    expect(collector.ofTrace(unwanted.traceId)).toEqual([]);
    expect(collector.ofTrace('0'.repeat(32))).toEqual([]);
  });

  it('is named in the log line of each of its requests', async () => {
    const { traceId } = await traced('/auth/me', { token: ann.accessToken });
    await eventually(
      () => edge.api.output().includes(`"trace_id":"${traceId}"`),
      'the line is written with the trace',
    );
    const line = edge.api
      .output()
      .split('\n')
      .find((text) => text.includes(traceId) && text.includes('"msg":"request"'));
    expect(JSON.parse(line ?? '')).toMatchObject({ trace_id: traceId, path: '/auth/me', user_id: ann.id });
  });

  it('tells the collector no token, key, password, e-mail, name or query', async () => {
    await traced('/auth/me?access_token=hidden-in-a-query', { token: ann.accessToken });
    await traced('/auth/me', { apiKey: key });
    await traced(`/auth/api-keys/${encodeURIComponent(ann.email)}`, { token: ann.accessToken });
    await traced('/auth/login', { method: 'POST', body: { username: ann.username, password: 'wrong-word' } });
    const secrets = [ann.accessToken, ann.refreshToken, key, ann.password, ann.email, ann.username];
    expect(collector.received.length).toBeGreaterThan(10_000);
    for (const secret of [
      ...secrets,
      'hidden-in-a-query',
      'wrong-word',
      encodeURIComponent(ann.email),
      'eyJ',
    ])
      expect(collector.received).not.toContain(secret);
  });
});
