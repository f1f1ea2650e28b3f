import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_NAMES } from '#config';
import { AdminProxy } from '../../support/admin-proxy.js';
import { newApplicationId } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';
import { type Answer, type Body, call, type TestMember } from '../../support/client.js';
import { type Edge, type EdgeAnswer, startEdge } from '../../support/edge.js';
import { KeycloakAdmin } from '../../support/keycloak-admin.js';
import { rememberSecrets } from '../../support/secrets-ledger.js';

const OTHERS = API_NAMES.filter((api) => api !== 'echo');
const BASIC_PER_MINUTE = 60;

let edge: Edge;
let owner: TestMember;
const proxies: AdminProxy[] = [];
beforeAll(async () => {
  const adminBy = async (adminUrl: string) => {
    const proxy = await AdminProxy.to(adminUrl);
    proxies.push(proxy);
    return proxy.url;
  };
  edge = await startEdge('edge-applications', { adminBy });
  owner = await edge.member();
}, 120_000);
afterAll(async () => {
  await edge.stop();
  for (const proxy of proxies) await proxy.stop();
});

/** Through the gateway, as the developer does it. */
async function ask(method: string, path: string, body?: unknown, token = owner.accessToken): Promise<Answer> {
  const [node] = edge.nodes;
  return call(node?.url ?? '', method, path, { token, body });
}

async function newApplication(more: object = {}): Promise<string> {
  const id = newApplicationId();
  const { status, body } = await ask('POST', '/applications', { id, name: 'Journey', ...more });
  if (status !== 201) throw new Error(`application: ${status} ${JSON.stringify(body)}`);
  return id;
}

async function subscribed(id: string, wish: object): Promise<Body> {
  const { status, body } = await ask('POST', `/applications/${id}/subscriptions`, wish);
  const { key, client_secret: secret } = body.credentials ?? {};
  rememberSecrets({ [`journey subscription ${body.id}`]: key ?? secret ?? undefined });
  expect({ status, active: body.active }).toEqual({ status: 201, active: true });
  return body;
}

const withKey = (key: string, api: string) => edge.send(`/apis/${api}/`, { headers: [['apikey', key]] });
const withToken = (token: string, api: string) => edge.send(`/apis/${api}/`, { token });

/** The client credentials grant (RFC 6749 §4.4), over what the gateway takes for HTTPS. */
const grant = (api: string, { client_id: id, client_secret: secret }: Body): Promise<EdgeAnswer> =>
  edge.send(`/apis/${api}/oauth2/token`, {
    method: 'POST',
    headers: [
      ['X-Forwarded-Proto', 'https'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    }).toString(),
  });

async function tokenOf(api: string, credentials: Body): Promise<string> {
  const { status, body } = await grant(api, credentials);
  expect({ status, type: body?.token_type }).toEqual({ status: 200, type: 'bearer' });
  rememberSecrets({ [`token of ${credentials.client_id}`]: body.access_token });
  return body.access_token as string;
}

describe('a key of an application', () => {
  it('opens its API and no other', async () => {
    const id = await newApplication();
    const { credentials, id: sid } = await subscribed(id, { api: 'echo', auth: 'key-auth' });
    const { status, seen } = await withKey(credentials.key, 'echo');
    expect(status).toBe(200);
    expect(seen?.headers).toMatchObject({
      'x-consumer-username': `${id}$echo`,
      'x-consumer-custom-id': sid,
    });
    expect(JSON.stringify(seen?.headers)).not.toContain(credentials.key);
    const others = await Promise.all(OTHERS.map((api) => withKey(credentials.key, api)));
    expect(others.map(({ status: refused }) => refused)).toEqual(OTHERS.map(() => 403));
    expect(others.every(({ seen: arrived }) => arrived === undefined)).toBe(true);
    expect((await edge.send('/api/', { headers: [['apikey', credentials.key]] })).status).toBe(403);
  });

  it('works only when an administrator has approved its plan, and stops when he thinks again', async () => {
    const admin = await edge.member();
    await new KeycloakAdmin().grantRole(admin.id, 'admin');
    await eventually(
      async () => (await ask('GET', '/auth/me', undefined, admin.accessToken)).body.roles.includes('admin'),
      'auth-api hears of the role',
    );
    const id = await newApplication();
    const path = `/applications/${id}/subscriptions`;
    const wish = { api: 'echo', auth: 'key-auth', plan: 'premium' };
    const { status, body } = await ask('POST', path, wish);
    expect({ status, credentials: body.credentials }).toEqual({ status: 202, credentials: null });
    const decide = (decision: string) =>
      ask('POST', `${path}/${body.id}/${decision}`, undefined, admin.accessToken);
    expect((await decide('approve')).status).toBe(200);
    const { body: credentials } = await ask('GET', `${path}/${body.id}/credentials`);
    rememberSecrets({ [`journey subscription ${body.id}`]: credentials.key });
    expect((await withKey(credentials.key, 'echo')).status).toBe(200);
    expect((await decide('refuse')).status).toBe(200);
    await eventually(
      async () => (await withKey(credentials.key, 'echo')).status === 401,
      'the key of a refused subscription stops',
    );
  });

  it('has the limits of its plan, whatever those of the API are', async () => {
    const { credentials } = await subscribed(await newApplication(), { api: 'echo', auth: 'key-auth' });
    // In more than twice what a minute allows there is one too many, also where a new minute begins between them. Some
    // at a time: Kong counts a request after it has let it through.
    const statuses = new Set<number>();
    for (let sent = 0; sent < 2 * BASIC_PER_MINUTE + 20; sent += 10)
      for (const { status } of await Promise.all(
        Array.from({ length: 10 }, () => withKey(credentials.key, 'echo')),
      ))
        statuses.add(status);
    expect(statuses).toEqual(new Set([200, 429]));
  });
});

describe('client credentials', () => {
  it('give a token that opens its API and no other', async () => {
    const id = await newApplication();
    const { credentials } = await subscribed(id, { api: 'llm', auth: 'oauth2-client-credentials' });
    expect(credentials.token_url).toMatch(/\/apis\/llm\/oauth2\/token$/);
    const token = await tokenOf('llm', credentials);
    const { status, seen } = await withToken(token, 'llm');
    expect(status).toBe(200);
    expect(seen?.headers['x-consumer-username']).toBe(`${id}$llm`);
    expect((await withToken(token, 'mcp')).seen).toBeUndefined();
    const elsewhere = await tokenOf('mcp', credentials);
    expect((await withToken(elsewhere, 'mcp')).status).toBe(403);
    const guessed = await grant('llm', { ...credentials, client_secret: 'guessed' });
    expect([400, 401]).toContain(guessed.status);
  });

  it('another redirect URI replaces them: the old token ends, the client gets a new one as before', async () => {
    const id = await newApplication({ redirect_uri: 'https://one.example.com/' });
    const { credentials } = await subscribed(id, { api: 'llm', auth: 'oauth2-client-credentials' });
    const old = await tokenOf('llm', credentials);
    expect((await withToken(old, 'llm')).status).toBe(200);
    const changed = await ask('PATCH', `/applications/${id}`, { redirect_uri: 'https://two.example.com/' });
    expect(changed.status).toBe(200);
    await eventually(
      async () => (await withToken(old, 'llm')).status === 401,
      'a token of the old credential ends',
    );
    const token = await tokenOf('llm', credentials);
    expect((await withToken(token, 'llm')).status).toBe(200);
  });
});

describe('an application that is deleted', () => {
  const stopped = async (key: string, token: string) =>
    (await withKey(key, 'echo')).status === 401 && (await withToken(token, 'llm')).status === 401;

  const inUse = async () => {
    const id = await newApplication();
    const { credentials } = await subscribed(id, { api: 'echo', auth: 'key-auth' });
    const client = await subscribed(id, { api: 'llm', auth: 'oauth2-client-credentials' });
    const token = await tokenOf('llm', client.credentials);
    expect((await withKey(credentials.key, 'echo')).status).toBe(200);
    expect((await withToken(token, 'llm')).status).toBe(200);
    return { id, key: credentials.key as string, token, client: client.credentials };
  };

  it('stops: its key, its token, and its client gets no other one', async () => {
    const { id, key, token, client } = await inUse();
    expect((await ask('DELETE', `/applications/${id}`)).status).toBe(204);
    await eventually(() => stopped(key, token), 'key and token stop');
    expect([400, 401]).toContain((await grant('llm', client)).status);
  });

  it('while Kong is down is gone when Kong is back', async () => {
    const { id, key, token } = await inUse();
    for (const proxy of proxies) await proxy.refuse();
    try {
      const { status, body } = await ask('DELETE', `/applications/${id}`);
      expect({ status, body }).toEqual({ status: 202, body: { status: 'deleted', pending_consumers: 2 } });
      expect((await ask('GET', `/applications/${id}`)).status).toBe(404);
    } finally {
      for (const proxy of proxies) await proxy.accept();
    }
    await eventually(() => stopped(key, token), 'key and token stop');
  });
});
