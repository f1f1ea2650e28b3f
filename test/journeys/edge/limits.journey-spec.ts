import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entityId, LIMITS } from '#config';
import { eventually } from '../../support/auth-api.js';
import { newGuest, type TestMember } from '../../support/client.js';
import {
  type Edge,
  type EdgeAnswer,
  type EdgeRequest,
  startEdge,
  type TopologyEdit,
  withConfig,
} from '../../support/edge.js';
import { KeycloakAdmin } from '../../support/keycloak-admin.js';
import { testStack } from '../../support/stack.js';

const PRODUCTION = LIMITS.production;
/** One address of each kind of service of DESIGN.md 5, and what it limits. */
const ROUTES: readonly (readonly [path: string, service: keyof typeof PRODUCTION.tiers])[] = [
  ['/auth/me', 'account'],
  ['/llm/auth/me', 'account'],
  ['/llm/models', 'llm'],
  ['/v1/models', 'llm'],
  ['/media/images', 'media'],
  ['/responses/1', 'responses'],
  ['/v1/responses', 'responses'],
  ['/mcp/tools', 'mcp'],
];

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge('edge-limits', { topology: { LIMITS_PROFILE: 'production' } });
});
afterAll(() => edge.stop());

const limit = ({ headers }: EdgeAnswer) => Number(headers['x-ratelimit-limit-minute']);
const left = ({ headers }: EdgeAnswer) => Number(headers['x-ratelimit-remaining-minute']);
const isCounted = ({ headers }: EdgeAnswer) =>
  Object.keys(headers).some((name) => name.includes('ratelimit'));

/** Kong counts by the minutes of the clock: what is counted must not fall into two of them. */
async function withinOneMinute(): Promise<void> {
  await eventually(() => new Date().getSeconds() < 50, 'the minute is not about to end', 11_000);
}

/** Sends until it is refused. @returns how many were let in, and the refusal */
async function exhaust(path: string, request: EdgeRequest, most: number) {
  for (let sent = 0; sent <= most; sent++) {
    const answer = await edge.send(path, request);
    if (answer.status === 429) return { letIn: sent, refusal: answer };
  }
  throw new Error(`${most + 1} requests were let in`);
}

/** Kong counts a request after it has let it in: one may be under way when the last one is counted. */
function expectLetIn(letIn: number, allowed: number): void {
  expect(letIn).toBeGreaterThanOrEqual(allowed);
  expect(letIn).toBeLessThanOrEqual(allowed + 1);
}

function expectClear({ headers, body }: EdgeAnswer): void {
  const wait = Number(headers['retry-after']);
  expect(wait).toBeGreaterThanOrEqual(1);
  expect(wait).toBeLessThanOrEqual(60);
  expect(body.message ?? body.title).toMatch(/limit/i);
}

/** Somebody as each tier sees him; the member's tokens are of after his upgrade. */
async function callers(): Promise<{
  guest: EdgeRequest;
  registered: EdgeRequest;
  key: EdgeRequest;
  member: TestMember;
}> {
  const guest = await newGuest(edge.api.url);
  const member = await edge.member();
  const { key } = await edge.key(member);
  return {
    guest: { token: guest.accessToken },
    registered: { token: await signIn(member) },
    key: { apiKey: key },
    member,
  };
}

async function signIn({ username, password }: TestMember): Promise<string> {
  const answer = await fetch(`${edge.api.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

describe('requests a minute', () => {
  it('are as many as the table says, for guests, registered users and keys, on every route', async () => {
    const { guest, registered, key } = await callers();
    const seen = [];
    for (const [path] of ROUTES) {
      const answers = await Promise.all([guest, registered, key].map((caller) => edge.send(path, caller)));
      seen.push([path, ...answers.map(limit)]);
    }
    const table = ROUTES.map(([path, service]) => {
      const { guest, registered, key } = PRODUCTION.tiers[service];
      return [path, guest, registered, key];
    });
    expect(seen).toEqual(table);
  });

  it('are refused beyond that, with a clear answer that says when to come back', async () => {
    const { guest, registered, key } = await callers();
    const { media } = PRODUCTION.tiers;
    await withinOneMinute();
    for (const [caller, allowed] of [
      [guest, media.guest],
      [registered, media.registered],
      [key, media.key],
    ] as const) {
      const { letIn, refusal } = await exhaust('/media/images', caller, allowed + 1);
      expectLetIn(letIn, allowed);
      expectClear(refusal);
      expect(refusal.seen).toBeUndefined();
    }
  });

  it('count for each guest and each key of a user apart, and apart from his token', async () => {
    const [one, another, { member, registered, key: first }] = await Promise.all([
      newGuest(edge.api.url),
      newGuest(edge.api.url),
      callers(),
    ]);
    const { key: second } = await edge.key(member);
    const { media } = PRODUCTION.tiers;
    await withinOneMinute();
    await exhaust('/media/images', { token: one.accessToken }, media.guest + 1);
    await exhaust('/media/images', first, media.key + 1);
    const others = [{ token: another.accessToken }, { apiKey: second }, registered];
    const answers = await Promise.all(others.map((caller) => edge.send('/media/images', caller)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(left)).toEqual([media.guest - 1, media.key - 1, media.registered - 1]);
  });

  it('count for each kind of service apart', async () => {
    const guest = { token: (await newGuest(edge.api.url)).accessToken };
    await withinOneMinute();
    await exhaust('/media/images', guest, PRODUCTION.tiers.media.guest + 1);
    expect(left(await edge.send('/mcp/tools', guest))).toBe(PRODUCTION.tiers.mcp.guest - 1);
  });

  it('are not used up by requests that are refused for who sends them', async () => {
    const { registered, key } = await callers();
    await withinOneMinute();
    const before = await edge.send('/v1/models', registered);
    const refused = await Promise.all(
      [
        {},
        { token: 'nonsense' },
        { token: `${registered.token}x` },
        { apiKey: 'sk_live_nonsense' },
        { ...key, token: 'nonsense' },
        { ...registered, apiKey: 'sk_live_nonsense' },
      ].flatMap((caller) => [edge.send('/v1/models', caller), edge.send('/v1/models', caller)]),
    );
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    expect(refused.filter(isCounted)).toEqual([]);
    expect(left(await edge.send('/v1/models', registered))).toBe(left(before) - 1);
    expect(left(await edge.send('/v1/models', key))).toBe(PRODUCTION.tiers.llm.key - 1);
  });
});

describe('signing in', () => {
  /** Answers without asking Keycloak. */
  const attempt = (from: string, path = '/auth/refresh-token', headers: [string, string][] = []) =>
    edge.send(path, { method: 'POST', from, headers, body: { refresh_token: 'none' } });

  it('is limited by address, over all its paths, and another address is not hindered', async () => {
    await withinOneMinute();
    const paths = ['/auth/refresh-token', '/llm/auth/refresh-token', '/auth/logout'];
    let letIn = 0;
    let last: EdgeAnswer | undefined;
    for (; letIn <= PRODUCTION.signIn.perMinute + 1; letIn++) {
      last = await attempt('127.0.0.5', paths[letIn % paths.length]);
      if (last.status === 429) break;
    }
    expectLetIn(letIn, PRODUCTION.signIn.perMinute);
    expectClear(last as EdgeAnswer);
    expect((await attempt('127.0.0.6')).status).not.toBe(429);
  });

  it('takes the address that Kong sees: X-Forwarded-For of a stranger makes no new one', async () => {
    await withinOneMinute();
    const statuses = [];
    for (let n = 0; n <= PRODUCTION.signIn.perMinute + 1; n++)
      statuses.push((await attempt('127.0.0.7', undefined, [['X-Forwarded-For', `198.51.100.${n}`]])).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await attempt('127.0.0.8', undefined, [['X-Forwarded-For', '127.0.0.7']])).status).not.toBe(429);
  });
});

describe('a limit of somebody in particular', () => {
  const keycloak = new KeycloakAdmin();

  /** As an administrator sets it: a consumer that carries a limit on one route. */
  const withConsumer =
    (consumer: { id: string; username: string }, route: string, minute: number): TopologyEdit =>
    (plain) => {
      const tags = ['topology'];
      const on = plain.routes.find(({ name }) => name === route)?.id ?? '';
      const limiting = {
        id: entityId('plugin', testStack().realm, `rate-limiting/${route}/${consumer.username}`),
        name: 'rate-limiting',
        route: { id: on },
        consumer: { id: consumer.id },
        config: { minute, limit_by: 'credential', policy: 'local', fault_tolerant: true },
        tags,
      };
      return {
        ...plain,
        consumers: [...plain.consumers, { ...consumer, tags }],
        plugins: [...plain.plugins, limiting],
      };
    };

  it('a tier by name raises that of the keys that have it, and of no others', async () => {
    await keycloak.request('POST', '/roles', { name: 'tier:gold' });
    const member = await edge.member();
    await keycloak.grantRole(member.id, 'tier:gold');
    let golden = '';
    await eventually(async () => {
      golden = (await edge.key(member, { name: 'golden', tier: 'gold' })).key;
      return true;
    }, 'auth-api hears of the role');
    const { key: plain } = await edge.key(member);
    const tier = 'tier-key-gold';
    const id = entityId('consumer', testStack().realm, tier);
    await edge.reload({ LIMITS_PROFILE: 'production' }, withConsumer({ id, username: tier }, 'v1', 777));
    await withinOneMinute();
    const [high, usual] = [golden, plain].map((apiKey) => edge.send('/v1/models', { apiKey }));
    expect(limit(await (high as Promise<EdgeAnswer>))).toBe(777);
    expect(limit(await (usual as Promise<EdgeAnswer>))).toBe(PRODUCTION.tiers.llm.key);
    // On a route where the tier has no limit of its own, nothing is worse than without it.
    expect((await edge.send('/media/images', { apiKey: golden })).status).toBe(200);
  });

  it('a consumer of his own gives one person another limit than his tier', async () => {
    const [one, another] = [await edge.member(), await edge.member()];
    const own = { id: entityId('consumer', testStack().realm, one.id), username: one.username };
    await edge.reload({ LIMITS_PROFILE: 'production' }, withConsumer(own, 'v1', 3));
    await eventually(
      async () => limit(await edge.send('/v1/models', { token: one.accessToken })) === 3,
      'his limit is seen',
    );
    expect(limit(await edge.send('/v1/models', { token: another.accessToken }))).toBeGreaterThan(3);
  });
});

describe('requests an hour', () => {
  const HOURLY = 10;

  it('are limited for each principal over all services and credentials, with a clear answer', async () => {
    await edge.reload({}, withConfig('keycloak-principal', { hourly_limit: HOURLY }));
    const [member, other] = [await edge.member(), await edge.member()];
    const { key } = await edge.key(member);
    await eventually(() => new Date().getMinutes() < 59, 'the hour is not about to end', 59_000);
    const answers = [];
    for (let n = 0; n < HOURLY + 2; n++) {
      const path = ['/v1/models', '/media/images', '/mcp/tools'][n % 3] as string;
      answers.push(await edge.send(path, n % 2 === 0 ? { token: member.accessToken } : { apiKey: key }));
    }
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toEqual([...Array<number>(HOURLY).fill(200), 429, 429]);
    const { headers, body } = answers.at(-1) as EdgeAnswer;
    expect(body).toMatchObject({
      type: '/docs/problems/gateway/hourly-limit',
      reason: 'hourly-limit',
      status: 429,
    });
    const untilNextHour = 3600 - (Math.floor(Date.now() / 1000) % 3600);
    expect(Math.abs(Number(headers['retry-after']) - untilNextHour)).toBeLessThanOrEqual(5);
    expect((await edge.send('/v1/models', { token: other.accessToken })).status).toBe(200);
  });
});
