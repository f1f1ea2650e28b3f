import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { call } from '../../support/client.js';
import { endpoints, openApiFile } from '../../support/contract.js';
import { useAuthApi } from '../../support/harness.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const paths = [...new Set(endpoints().map(({ path }) => path))];
const methodsOf = (path: string) =>
  endpoints()
    .filter((endpoint) => endpoint.path === path)
    .map(({ method }) => method);

describe('an address of auth-api', () => {
  const api = useAuthApi('addresses');

  describe.each(paths)('%s', (path) => {
    const address = path.replace('{id}', '00000000-0000-4000-8000-000000000000');

    it.each(METHODS.filter((method) => !methodsOf(path).includes(method)))(
      'answers 405 to %s, with the methods it has',
      async (method) => {
        const { status, headers, body } = await api.call(method, address);
        expect({ status, type: body.type }).toEqual({
          status: 405,
          type: '/docs/problems/request/method-not-allowed',
        });
        const allowed = headers
          .get('allow')
          ?.split(', ')
          .filter((name) => name !== 'HEAD');
        expect(allowed).toEqual([...methodsOf(path)].sort());
      },
    );
  });

  it.each([
    '/',
    '/nope',
    '/auth',
    '/auth/me/',
    '/auth/me/x',
    '/AUTH/ME',
    '/llm/authx/me',
    '/llm/me',
    '//auth/me',
  ])('%s is no address', async (path) => {
    const { status, body } = await api.get(path);
    expect({ status, type: body.type }).toEqual({ status: 404, type: '/docs/problems/request/not-found' });
  });

  it('what is under /auth is under /llm/auth too', async () => {
    const guest = await call(api.url, 'POST', '/llm/auth/guest-login');
    expect(guest.status).toBe(201);
    const { body } = await api.get('/llm/auth/me', { token: guest.body.access_token });
    expect(body.id).toBe(guest.body.user_id);
    expect((await api.get('/llm/auth/nope')).status).toBe(404);
  });

  it('the document at /openapi.json is the committed one', async () => {
    const { body } = await call(api.url, 'GET', '/openapi.json');
    expect(body).toEqual(JSON.parse(readFileSync(openApiFile(), 'utf8')));
  });

  it('/docs shows it, with both ways to authorize', async () => {
    const page = await call(api.url, 'GET', '/docs');
    expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
      status: 200,
      type: expect.stringContaining('text/html'),
    });
    const { body } = await call(api.url, 'GET', '/openapi.json');
    expect(Object.keys(body.components.securitySchemes)).toEqual(
      expect.arrayContaining(['session', 'api key']),
    );
  });

  it('/metrics and /internal are on the internal port alone, and nothing else is but the probes', async () => {
    const { internalUrl } = api.process;
    const metrics = await call(internalUrl, 'GET', '/metrics');
    expect({ status: metrics.status, text: metrics.body.includes('service_auth_success_total') }).toEqual({
      status: 200,
      text: true,
    });
    for (const path of ['/metrics', '/metrics?x', '/internal/usage', '/internal'])
      for (const method of ['GET', 'POST']) expect((await api.call(method, path)).status).toBe(404);
    for (const path of ['/healthz', '/readyz'])
      expect((await call(internalUrl, 'GET', path)).status).toBe(200);
    for (const path of ['/auth/me', '/auth/guest-login', '/openapi.json', '/docs', '/health/auth'])
      expect((await call(internalUrl, 'GET', path)).status).toBe(404);
    expect((await call(internalUrl, 'POST', '/auth/guest-login')).status).toBe(404);
  });

  it('an accepted request id is given back, a harmful one replaced', async () => {
    const sent = async (id: string) =>
      (await api.get('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await sent('trace-1234:5678')).toBe('trace-1234:5678');
    for (const id of ['short', 'with blank 12345', 'x'.repeat(65), 'a"b<script>123'])
      expect(await sent(id)).toMatch(/^[0-9a-f-]{36}$/);
  });
});
