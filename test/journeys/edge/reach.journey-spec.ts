import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { entityId } from '#config';
import { eventually } from '../../support/auth-api.js';
import { PASSWORD_MARK, type TestMember } from '../../support/client.js';
import { type Edge, type EdgeRequest, standInOnly, startEdge } from '../../support/edge.js';
import { askAdmin } from '../../support/edge-client.js';
import { testStack } from '../../support/stack.js';

type The = () => Edge;

/** Nothing of it is anybody's business outside, whatever credential he shows. */
function describeClosed(the: The): void {
  let token: string;
  beforeAll(async () => {
    ({ accessToken: token } = await the().member());
  });
  const CLOSED = [
    ...['/auth/validate-api-key', '/llm/auth/validate-api-key', '/metrics', '/internal', '/internal/usage'],
    ...['/llm', '/api', '/apis/llm', '/apis/media', '/apis/responses', '/apis/mcp', '/apis/echo'].flatMap(
      (prefix) => [`${prefix}/metrics`, `${prefix}/internal`, `${prefix}/internal/usage`],
    ),
  ];

  it.each(CLOSED)('%s is not found, whoever asks', async (path) => {
    for (const method of ['GET', 'POST'])
      for (const credential of [{}, { token }]) {
        const answer = await the().send(path, { method, ...credential, body: { api_key: 'sk_live_x' } });
        expect(answer).toMatchObject({
          status: 404,
          seen: undefined,
          body: { type: '/docs/problems/request/not-found', status: 404 },
        });
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      }
  });

  it('what begins like it, but is something else, is found', async () => {
    expect(await the().send('/llm/metricsx', { token })).toMatchObject({ status: 404, seen: undefined });
    expect(await the().send('/v1/metrics', { token })).toMatchObject({ seen: { path: '/v1/metrics' } });
  });
}

function describeOpen(the: The): void {
  it.each([
    ['/healthz', 'application/json', '"status":"ok"'],
    ['/health/auth', 'application/json', ''],
    ['/openapi.json', 'application/json', '"openapi":"3.'],
    ['/docs', 'text/html', 'swagger'],
    ['/docs/problems/principal/unauthenticated', '', 'unauthenticated'],
  ])('%s is there for everybody', async (path, type, text) => {
    const answer = await follow(the(), path);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain(type);
    expect(answer.text).toContain(text);
  });

  it('a credential that fails does no harm where nobody is asked for one', async () => {
    const answer = await the().send('/healthz', { token: 'broken', headers: [['X-API-Key', 'broken']] });
    expect(answer.status).toBe(200);
  });

  it.each([
    '/auth/me',
    '/auth/api-keys',
    '/auth/upgrade',
    '/llm/auth/me',
    '/auth',
    '/consumers',
    '/kong/plan',
    '/admin/audit',
    '/applications',
    '/llm/x',
    '/v1/x',
    '/media/x',
    '/responses/x',
    '/v1/responses/x',
    '/mcp/x',
  ])(
    // prettier-ignore
    '%s is there for nobody without a credential',
    async (path) => {
      const answer = await the().send(path);
      expect(answer).toMatchObject({ status: 401, seen: undefined, body: { reason: 'missing' } });
    },
  );

  it('what no route leads to is not found, and comes nowhere', async () => {
    for (const path of ['/', '/nothing', '/readyz', '/v', '/apis/none/x'])
      expect(await the().send(path)).toMatchObject({ status: 404, seen: undefined });
  });
}

/** The story of DESIGN.md section 3 as a client of the gateway lives it. */
function describeStory(the: The, prefix: string): void {
  describe(`from guest to revoked key, by ${prefix}`, () => {
    const username = `edge-${randomUUID().slice(0, 8)}`;
    const password = `${PASSWORD_MARK}-${randomUUID()}`;
    let guest: { user_id: string; access_token: string; refresh_token: string };
    let token: string;
    let key: { id: string; key: string };
    const send = (path: string, request: EdgeRequest) => the().send(prefix + path, request);

    it('a visitor becomes a guest', async () => {
      const answer = await send('/guest-login', { method: 'POST', body: '' });
      expect(answer).toMatchObject({ status: 201, body: { guest: true } });
      guest = answer.body;
      const me = await send('/me', { token: guest.access_token });
      expect(me).toMatchObject({ status: 200, body: { id: guest.user_id, guest: true, auth_method: 'jwt' } });
      expect(me.headers['x-principal-id']).toBe(guest.user_id);
    });

    it('a guest reaches a service, and is refused an API key', async () => {
      const answer = await the().send('/v1/models', { token: guest.access_token });
      expect(answer.seen?.headers['x-user-id']).toBe(guest.user_id);
      const refused = await send('/api-keys', {
        method: 'POST',
        token: guest.access_token,
        body: { name: 'x' },
      });
      expect(refused.status).toBe(403);
    });

    it('a guest who upgrades keeps their id', async () => {
      const body = { username, email: `${username}@example.com`, password };
      const answer = await send('/upgrade', { method: 'POST', token: guest.access_token, body });
      expect(answer).toMatchObject({ status: 200, body: { status: 'upgraded', user_id: guest.user_id } });
      const me = await send('/me', { token: guest.access_token });
      expect(me.body).toMatchObject({ id: guest.user_id, username, guest: false });
    });

    it('signs in, and goes on with a new token', async () => {
      const login = await send('/login', { method: 'POST', body: { username, password } });
      expect(login.status).toBe(200);
      const refreshed = await send('/refresh-token', {
        method: 'POST',
        body: { refresh_token: login.body.refresh_token },
      });
      expect(refreshed.status).toBe(200);
      token = refreshed.body.access_token;
      expect((await send('/me', { token })).body.id).toBe(guest.user_id);
      const wrong = await send('/login', { method: 'POST', body: { username, password: `${password}x` } });
      expect(wrong.status).toBe(401);
    });

    it('makes a key, which works in both ways of sending it', async () => {
      const answer = await send('/api-keys', { method: 'POST', token, body: { name: 'edge' } });
      expect(answer.status).toBe(201);
      key = answer.body;
      for (const credential of [{ apiKey: key.key }, { token: key.key }]) {
        expect((await send('/me', credential)).body).toMatchObject({
          id: guest.user_id,
          auth_method: 'apikey',
        });
        const used = await the().send('/v1/models', credential);
        expect(used.seen?.headers).toMatchObject({ 'x-user-id': guest.user_id, 'x-auth-method': 'apikey' });
      }
    });

    it('revokes it, and it stops working', async () => {
      const answer = await send(`/api-keys/${key.id}`, { method: 'DELETE', token });
      expect([202, 204]).toContain(answer.status);
      const refused = async () => (await the().send('/v1/models', { apiKey: key.key })).status === 401;
      await eventually(refused, 'the key is refused');
      const last = await the().send('/v1/models', { apiKey: key.key });
      expect(last).toMatchObject({ status: 401, seen: undefined, body: { reason: 'revoked' } });
    });

    it('signs out', async () => {
      const body = { refresh_token: guest.refresh_token };
      expect((await send('/logout', { method: 'POST', body })).status).toBe(204);
      expect((await send('/refresh-token', { method: 'POST', body })).status).toBe(401);
    });
  });
}

function describeScopes(the: The): void {
  describe('a key reaches what its scopes say', () => {
    let ann: TestMember;
    const keyWith = async (...scopes: string[]) => (await the().key(ann, { name: 'scoped', scopes })).key;
    const SERVICES = [
      ['llm', '/v1/models'],
      ['llm', '/llm/models'],
      ['media', '/media/files'],
      ['responses', '/responses/one'],
      ['mcp', '/mcp/tools'],
    ] as const;

    beforeAll(async () => {
      ann = await the().member();
    });

    it.each(SERVICES)('scope %s opens %s', async (scope, path) => {
      const apiKey = await keyWith(scope);
      for (const method of ['GET', 'POST', 'DELETE'])
        expect(await the().send(path, { apiKey, method, body: '' })).toMatchObject({
          status: 200,
          seen: { method },
        });
    });

    it.each(SERVICES)('without scope %s, %s is refused', async (scope, path) => {
      const apiKey = await keyWith(...['llm', 'media', 'responses', 'mcp'].filter((each) => each !== scope));
      const answer = await the().send(path, { apiKey, method: 'POST', body: '' });
      expect(answer).toMatchObject({
        status: 403,
        seen: undefined,
        body: { type: '/docs/problems/principal/insufficient-scope', scopes: [scope] },
      });
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer realm="jan", error="insufficient_scope", scope="${scope}"`,
      );
    });

    it('a scope for reading opens GET and HEAD, and nothing else', async () => {
      const apiKey = await keyWith('llm:read');
      for (const method of ['GET', 'HEAD'])
        expect(await the().send('/v1/models', { apiKey, method })).toMatchObject({
          status: 200,
          seen: { method },
        });
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await the().send('/v1/models', { apiKey, method, body: '' });
        expect(answer).toMatchObject({ status: 403, seen: undefined, body: { scopes: ['llm'] } });
      }
    });

    it('a method in a header makes no reading of a writing', async () => {
      const apiKey = await keyWith('llm:read');
      const headers = [['X-HTTP-Method-Override', 'GET']] as const;
      const answer = await the().send('/v1/models', { apiKey, method: 'POST', body: '', headers });
      expect(answer.status).toBe(403);
    });

    it('a session has all scopes', async () => {
      for (const [, path] of SERVICES)
        expect((await the().send(path, { token: ann.accessToken })).status).toBe(200);
    });
  });
}

function describeReach(the: The): void {
  describe('is closed', () => describeClosed(the));
  describe('is open', () => describeOpen(the));
  describeStory(the, '/auth');
  describeStory(the, '/llm/auth');
  describeScopes(the);
}

describe('what the edge lets reach', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge('edge-reach');
  });
  afterAll(() => edge?.stop());
  describeReach(() => edge);

  describe('a route that says nothing about access', () => {
    const id = randomUUID();
    const path = `/fresh-${id.slice(0, 8)}`;
    const service = { id: entityId('service', testStack().realm, 'media-api') };
    afterAll(() => askAdmin(edge, 'DELETE', `/routes/${id}`));

    it('is protected from its first moment', async () => {
      await askAdmin(edge, 'PUT', `/routes/${id}`, {
        body: { name: id, paths: [path], service, strip_path: false },
      });
      const statuses = new Set<number>();
      await eventually(async () => {
        const { status, seen } = await edge.send(path);
        expect(seen).toBeUndefined();
        statuses.add(status);
        return status === 401;
      }, 'the route is there');
      expect([...statuses].filter((status) => status !== 404)).toEqual([401]);
    });

    it('is open to a principal, with the scope of its service', async () => {
      const member = await edge.member();
      const { key: apiKey } = await edge.key(member, { name: 'llm', scopes: ['llm'] });
      const answer = await edge.send(path, { token: member.accessToken });
      expect(answer.seen?.headers['x-user-id']).toBe(member.id);
      expect(await edge.send(path, { apiKey })).toMatchObject({
        status: 403,
        body: { scopes: ['media:read'] },
      });
    });
  });
});

standInOnly(
  'what a gateway without a database lets reach (a given Kong has its own mode: not run there)',
  () => {
    let edge: Edge;
    beforeAll(async () => {
      edge = await startEdge('edge-reach-dbless', { mode: 'dbless' });
    });
    afterAll(() => edge?.stop());
    describeReach(() => edge);
  },
);

/** A page may be a redirect to where it stands. */
async function follow(edge: Edge, path: string) {
  const answer = await edge.send(path);
  const { location } = answer.headers;
  return answer.status >= 300 && answer.status < 400 && location !== undefined
    ? edge.send(new URL(location, new URL(path, 'http://edge')).pathname)
    : answer;
}
