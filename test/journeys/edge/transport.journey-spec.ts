import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { TestMember } from '../../support/client.js';
import { eventually } from '../../support/auth-api.js';
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge } from '../../support/edge.js';
import { TEST_ID } from '../../support/upstream.js';
import { sendRaw, upgrade } from '../../support/wire.js';

const ORIGIN = 'https://app.example.com';
const PREFLIGHT: EdgeRequest = {
  method: 'OPTIONS',
  headers: [
    ['Origin', ORIGIN],
    ['Access-Control-Request-Method', 'POST'],
    ['Access-Control-Request-Headers', 'authorization, x-api-key, content-type'],
  ],
};
const NOT_FOUND = { status: 404, seen: undefined, body: { type: '/docs/problems/request/not-found' } };

describe('what goes through the edge', () => {
  let edge: Edge;
  let ann: TestMember;
  let key: string;
  const send = (path: string, request: EdgeRequest = {}) => edge.send(path, request);
  const withToken = () => `Authorization: Bearer ${ann.accessToken}`;

  beforeAll(async () => {
    edge = await startEdge('edge-transport');
    ann = await edge.member();
    ({ key } = await edge.key(ann));
  });
  afterAll(() => edge?.stop());

  describe('a preflight of a web page', () => {
    it.each(['/v1/models', '/auth/me', '/auth/login', '/apis/llm/models', '/api/things', '/mcp'])(
      'is answered without a credential, and nobody is asked: %s',
      async (path) => {
        const before = edge.upstream.requests;
        const answer = await send(path, PREFLIGHT);
        expect(answer.status).toBe(200);
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        expect(answer.headers['access-control-allow-methods']).toContain('POST');
        expect(answer.headers['access-control-allow-headers']?.toLowerCase()).toContain('authorization');
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        expect(answer.headers['access-control-max-age']).toBe('600');
        expect(edge.upstream.requests).toBe(before);
      },
    );

    it('and the page may read why a request of its own is refused', async () => {
      const answer = await send('/v1/models', { headers: [['Origin', ORIGIN]] });
      expect(answer.status).toBe(401);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.headers['access-control-expose-headers']).toContain('WWW-Authenticate');
    });

    it('is no way around: the request after it needs a credential', async () => {
      const request = { ...PREFLIGHT, method: 'POST', body: {} };
      expect(await send('/v1/models', request)).toMatchObject({ status: 401, seen: undefined });
    });
  });

  describe('OPTIONS that is no preflight', () => {
    it('reaches the service as nobody, credential or not', async () => {
      for (const credential of [{}, { token: ann.accessToken }, { apiKey: key }]) {
        const { seen } = await send('/v1/models', { method: 'OPTIONS', ...credential });
        expect(seen?.method).toBe('OPTIONS');
        expect(
          Object.keys(seen?.headers ?? {}).filter((name) => /^x-(user|consumer|gateway)-/.test(name)),
        ).toEqual([]);
      }
    });

    it('does not reach what is closed', async () => {
      expect(await send('/internal/usage', { method: 'OPTIONS' })).toMatchObject(NOT_FOUND);
      expect(await send('/auth/validate-api-key', { method: 'OPTIONS' })).toMatchObject(NOT_FOUND);
    });
  });

  it('HEAD is asked as any request and answered without a body', async () => {
    const good = await send('/v1/models', { method: 'HEAD', token: ann.accessToken });
    expect(good).toMatchObject({ status: 200, text: '', seen: { method: 'HEAD' } });
    const refused = await send('/v1/models', { method: 'HEAD' });
    expect(refused).toMatchObject({ status: 401, text: '', seen: undefined });
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="jan"');
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'PROPFIND', 'TRACE'])(
    '%s lets nobody in without a credential',
    async (method) => {
      const answer = await send('/v1/models', { method, body: '' });
      expect([401, 405]).toContain(answer.status);
      expect(answer.seen).toBeUndefined();
    },
  );

  it('a method in a header or in the query is not looked at', async () => {
    const headers = [
      ['X-HTTP-Method-Override', 'OPTIONS'],
      ['X-HTTP-Method', 'OPTIONS'],
    ] as const;
    expect((await send('/v1/models?_method=OPTIONS', { method: 'POST', body: '', headers })).status).toBe(
      401,
    );
  });

  describe('a websocket', () => {
    it.each([
      ['a token', () => ({ token: ann.accessToken })],
      ['a key', () => ({ apiKey: key })],
    ])('opens with %s, and carries bytes both ways', async (_, credential) => {
      const socket = await upgrade(edge, '/v1/realtime', credential());
      expect(socket).toMatchObject({ status: 101, seen: { headers: { 'x-user-id': ann.id } } });
      expect(await socket.echo('hello')).toBe('hello');
      expect(await socket.echo('x'.repeat(100_000))).toHaveLength(100_000);
      socket.close();
    });

    it.each([
      ['without a credential', () => ({}), 'missing'],
      ['with a broken token', () => ({ token: 'a.b.c' }), 'malformed'],
      [
        'with a broken key beside a good token',
        () => ({ token: ann.accessToken, apiKey: 'sk_live_x' }),
        'malformed',
      ],
    ])('is refused %s', async (_, credential, reason) => {
      const refused = await upgrade(edge, '/v1/realtime', credential());
      expect(refused).toMatchObject({ status: 401, seen: undefined, body: { reason } });
    });
  });

  it('server-sent events come one by one, in the form of their service', async () => {
    const answer = await send('/v1/stream', { token: ann.accessToken });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    expect(answer.text).toBe('data: one\n\ndata: two\n\ndata: three\n\n');
  });

  describe('a body in chunks', () => {
    it('reaches the service whole', async () => {
      const parts = ['{"messages":', '"', 'x'.repeat(70_000), '"}'];
      const answer = await sendChunks(edge, '/v1/chat', { token: ann.accessToken }, parts);
      expect(answer).toMatchObject({ status: 200, seen: { method: 'POST', body: parts.join('') } });
    });

    it('reaches auth-api', async () => {
      const parts = [`{"name":`, `"in chunks"}`];
      const answer = await sendChunks(edge, '/auth/api-keys', { token: ann.accessToken }, parts);
      expect(answer).toMatchObject({ status: 201, body: { name: 'in chunks' } });
    });

    it('is refused without a credential, and nothing of it reaches the service', async () => {
      const answer = await sendChunks(edge, '/v1/chat', {}, ['{}']);
      expect(answer).toMatchObject({ status: 401, seen: undefined });
    });

    it('can not hide a second request in itself', async () => {
      const before = edge.upstream.requests;
      const head = ['POST /v1/chat HTTP/1.1', 'Host: edge', 'Connection: close'];
      const body = '0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\nHost: edge\r\n\r\n';
      const both = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
      const { status } = await sendRaw(edge, [...head, ...both, '', body].join('\r\n'));
      expect([400, 401, 501]).toContain(status);
      expect(edge.upstream.requests).toBe(before);
    });
  });

  describe('what is too long', () => {
    it.each([
      ['a token of 20 kB', '/v1/models', () => [`Authorization: Bearer eyJ${'a'.repeat(20_000)}.b.c`]],
      ['a key of 20 kB', '/v1/models', () => [`X-API-Key: sk_live_${'a'.repeat(20_000)}`]],
      ['a header of 20 kB', '/v1/models', () => [withToken(), `X-Long: ${'a'.repeat(20_000)}`]],
      ['70 headers of 1 kB', '/v1/models', () => [withToken(), ...Array.from({ length: 70 }, (_, at) => `X-${at}: ${'a'.repeat(1000)}`)]], // prettier-ignore
      ['a path of 20 kB', `/v1/${'a'.repeat(20_000)}`, () => [withToken()]],
    ])('%s gets a clear refusal', async (_, path, headers) => {
      const before = edge.upstream.requests;
      const lines = [`GET ${path} HTTP/1.1`, 'Host: edge', 'Connection: close', ...headers(), '', ''];
      await eventually(async () => {
        const { status, text } = await sendRaw(edge, lines.join('\r\n'));
        // nginx closes at once, so the answer may be lost on its way; then again.
        if (status === 0) return false;
        expect([400, 401, 414, 431, 494]).toContain(status);
        expect(text).toMatch(/\r\n\r\n./);
        return true;
      }, 'an answer comes');
      expect(edge.upstream.requests).toBe(before);
    });

    it('a token of 5 kB is looked at, and refused for what it is', async () => {
      const answer = await send('/v1/models', { token: `eyJ${'a'.repeat(5_000)}.b.c` });
      expect(answer).toMatchObject({ status: 401, seen: undefined, body: { reason: 'malformed' } });
    });

    it('a path of 4 kB passes', async () => {
      const path = `/v1/${'a'.repeat(4000)}`;
      expect(await send(path, { token: ann.accessToken })).toMatchObject({ status: 200, seen: { path } });
    });
  });

  describe('what is closed stays closed, however it is written', () => {
    const CLOSED = [
      '/auth/validate-api-key', '/auth/validate-api-key/', '/auth/validate-api-key?x=1', '/auth/validate-api-key;x=1',
      '/auth/validate-api-key/..;/', '/auth/validate-api-keys', '//auth/validate-api-key', '/auth//validate-api-key',
      '/./auth/validate-api-key', '/auth/./validate-api-key', '/x/../auth/validate-api-key',
      '/auth/x/../validate-api-key', '/auth/%2e/validate-api-key', '/auth/x/%2e%2e/validate-api-key',
      '/auth/x/.%2E/validate-api-key', '/%61uth/validate-api-key', '/auth/%76alidate-api-key',
      '/auth/validate%2Dapi%2Dkey', '/auth/validate-api-ke%79', '/llm/auth/validate-api-key',
      '/llm//auth/validate-api-key', '/llm/./auth/validate-api-key', '/llm/x/../auth/validate-api-key',
      '/llm/%61uth/validate-api-key', '/%6c%6C%6d/auth/validate-api-key', '/v1/../auth/validate-api-key',
      '/healthz/../auth/validate-api-key', '/auth/login/../validate-api-key', '/auth/login/%2E%2E/validate-api-key',
      '/internal/usage', '//internal/usage', '/%69nternal/usage', '/./internal/usage', '/v1/../internal/usage',
      '/llm/internal/usage', '/llm//internal/usage', '/llm/%69nternal/usage', '/api/internal/x', '/api//internal/x',
      '/apis/llm/internal/x', '/apis/llm//internal/x', '/apis/llm/./%69nternal/x',
      '/metrics', '/metrics/', '//metrics', '/%6Detrics', '/x/../metrics', '/llm/metrics', '/llm//metrics',
      '/api/metrics', '/apis/echo/metrics',
    ]; // prettier-ignore
    it.each(CLOSED)('%s', async (path) => {
      for (const credential of [{}, { token: ann.accessToken }, { apiKey: key }]) {
        const answer = await send(path, { ...credential, method: 'POST', body: { api_key: key } });
        expect(answer).toMatchObject(NOT_FOUND);
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      }
    });

    // What Kong's router does not take for a closed path must not be one for the service behind it.
    const ODD = [
      '/auth%2Fvalidate-api-key', '/auth%2fvalidate-api-key', '/auth%252Fvalidate-api-key', '/auth\\validate-api-key',
      '/auth%5Cvalidate-api-key', '/auth;x/validate-api-key', '/auth/;/validate-api-key', '/AUTH/validate-api-key',
      '/auth/Validate-Api-Key', '/auth/.validate-api-key', '/auth/%00/validate-api-key', '/auth/validate%252Dapi-key',
      '/auth/..%2Fauth%2Fvalidate-api-key', '/auth/x/..%2fvalidate-api-key', '/llm%2Fauth/validate-api-key',
      '/llm/auth%2Fvalidate-api-key', '/llm;/auth/validate-api-key', '/healthz/..%2Fauth/validate-api-key',
      '/auth/login/..%2Fvalidate-api-key', '/healthz%2F..%2Finternal%2Fusage', '/docs/..%2Finternal/usage',
      '/auth/me%2F..%2Fvalidate-api-key', '/auth/validate_api_key',
    ]; // prettier-ignore
    it.each(ODD)('%s validates nothing', async (path) => {
      for (const credential of [{}, { token: ann.accessToken }]) {
        const answer = await send(path, { ...credential, method: 'POST', body: { api_key: key } });
        expectNothingValidated(answer);
      }
    });
  });

  it('an absolute address in the request line counts for no more than its path', async () => {
    for (const host of ['edge', '127.0.0.1:9', 'auth-api.internal']) {
      const { status } = await sendRaw(
        edge,
        `POST http://${host}/auth/validate-api-key HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(status).toBe(404);
    }
  });
});

function expectNothingValidated(answer: EdgeAnswer): void {
  expect([400, 401, 404, 405]).toContain(answer.status);
  expect(answer.text).not.toContain('"valid"');
  expect(answer.text).not.toContain('key_id');
}

/** A POST in chunks, each sent when the one before has left. */
async function sendChunks(
  edge: Edge,
  path: string,
  { token }: { token?: string },
  parts: readonly string[],
): Promise<EdgeAnswer> {
  const id = randomUUID();
  const headers = {
    [TEST_ID]: id,
    'content-type': 'application/json',
    'transfer-encoding': 'chunked',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(edge.nodes[0]!.url + path, { method: 'POST', headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => {
        const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        const body = text.startsWith('{') ? JSON.parse(text) : undefined;
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: Object.fromEntries(told), text, body, seen: edge.upstream.find(id) });
      });
    });
    for (const part of parts) request.write(part);
    request.end();
  });
}
