import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, launchAuthApi, type RunningAuthApi, sha256, startAuthApi } from '../support/auth-api.js';
import {
  call,
  newGuest,
  newKey,
  newMember,
  type TestGuest,
  type TestMember,
  validate,
} from '../support/client.js';
import { Forwarder } from '../support/forwarder.js';
import { halfMadeGuests, sql } from '../support/guest-ledger.js';
import { KeycloakAdmin } from '../support/keycloak-admin.js';
import { expectOutage, type TimedAnswer, timedCall } from '../support/outage.js';
import { testStack } from '../support/stack.js';

/** Longest time until what was cut off has been settled: twice the wait of a look, and the backoff of a job. */
const SETTLED_WITHIN_MS = 60_000;

const admin = new KeycloakAdmin();
let api: RunningAuthApi;
let member: TestMember;
let key: { id: string; key: string };

/** Each of the three ways in, as somebody meets it while Keycloak is away. */
const WAYS_IN = {
  login: (): Promise<TimedAnswer> =>
    timedCall(api.url, 'POST', '/auth/login', {
      body: { username: member.username, password: member.password },
    }),
  'login of several people': (n: number): Promise<TimedAnswer> =>
    timedCall(api.url, 'POST', '/auth/login', {
      body: { username: `${member.username}-${n}`, password: member.password },
    }),
  'guest-login': (): Promise<TimedAnswer> => timedCall(api.url, 'POST', '/auth/guest-login'),
} satisfies Record<string, (n: number) => Promise<TimedAnswer>>;

function upgrade(guest: TestGuest, username = `t-${randomUUID().slice(0, 13)}`): Promise<TimedAnswer> {
  return timedCall(api.url, 'POST', '/auth/upgrade', {
    token: guest.accessToken,
    body: { username, email: `${username}@example.com`, password: member.password },
  });
}

function tenTimes<T>(work: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 10 }, (_, n) => work(n)));
}

async function expectTokensAndKeysToWork(): Promise<void> {
  const validated = await timedCall(api.url, 'GET', '/auth/me', { apiKey: key.key });
  expect(validated.status).toBe(200);
  expect((await validate(api.url, key.key)).status).toBe(200);
  const me = await timedCall(api.url, 'GET', '/auth/me', { token: member.accessToken });
  expect(me.body).toMatchObject({ id: member.id, username: member.username, guest: false });
  expect(me.ms).toBeLessThan(3000);
  const listed = await call(api.url, 'GET', '/auth/api-keys', { token: member.accessToken });
  expect(listed.status).toBe(200);
}

async function expectToRecover(guest: TestGuest): Promise<void> {
  await eventually(async () => (await WAYS_IN.login()).status === 200, 'login works again', 15_000);
  const fresh = await newGuest(api.url);
  expect((await upgrade(fresh)).status).toBe(200);
  await eventually(
    async () => (await halfMadeGuests(api.databaseUrl, admin)).length === 0,
    'nothing is half made',
    SETTLED_WITHIN_MS,
  ).catch(async () => expect(await halfMadeGuests(api.databaseUrl, admin)).toEqual([]));
  expect([200, 409]).toContain((await upgrade(guest)).status);
  const me = await call(api.url, 'GET', '/auth/me', { token: guest.accessToken });
  expect(me.body).toMatchObject({ id: guest.id, guest: false });
  expect(me.body).not.toHaveProperty('stale_seconds');
}

/** Disabling in Keycloak is heard of only by polling its events. */
async function expectEventsToBeHeard(): Promise<void> {
  const other = await newMember(api.url);
  const { key: otherKey } = await newKey(api.url, other);
  await admin.setEnabled(other.id, false);
  await eventually(
    async () => (await validate(api.url, otherKey)).body.reason === 'user-disabled',
    'the disabled person is noticed',
    5_000,
  );
}

async function mirrored(userId: string): Promise<string[]> {
  const user = await admin.user(userId);
  return (user?.['attributes'] as Record<string, string[]> | undefined)?.['api_keys'] ?? [];
}

async function expectMirror(owner: TestGuest, created: { id: string; key: string }): Promise<void> {
  await eventually(
    async () => (await mirrored(owner.id)).includes(`${created.id}:${sha256(created.key)}`),
    'the key made during the outage is in the attribute',
    SETTLED_WITHIN_MS,
  );
}

describe('Keycloak hung', () => {
  const { keycloakPid } = testStack();

  beforeAll(async () => {
    api = await startAuthApi('keycloak-hung');
    member = await newMember(api.url);
    key = await newKey(api.url, member);
  });
  afterEach(() => {
    process.kill(keycloakPid, 'SIGCONT');
  });
  afterAll(() => api.stop());

  it('keys and tokens go on working, the ways in say 503 in time, nothing is half made, and it recovers', async () => {
    const [guest, crowd] = [await newGuest(api.url), await newGuest(api.url)];
    process.kill(keycloakPid, 'SIGSTOP');
    try {
      for (const wayIn of Object.values(WAYS_IN)) {
        expectOutage(await wayIn(0));
        expectOutage(await wayIn(0));
        for (const answer of await tenTimes(wayIn)) expectOutage(answer);
        await expectTokensAndKeysToWork();
      }
      expectOutage(await upgrade(guest));
      expectOutage(await upgrade(guest));
      for (const answer of await tenTimes(() => upgrade(crowd))) expectOutage(answer);
      const made = await newKey(api.url, member, { name: 'made while Keycloak hung' });
      await eventually(
        async () =>
          'stale_seconds' in (await call(api.url, 'GET', '/auth/me', { token: member.accessToken })).body,
        'the age of what is known is told',
        20_000,
      );
      await expectTokensAndKeysToWork();
      process.kill(keycloakPid, 'SIGCONT');
      await expectToRecover(guest);
      await expectMirror(member, made);
      await expectEventsToBeHeard();
    } finally {
      process.kill(keycloakPid, 'SIGCONT');
    }
  }, 180_000);
});

describe('Keycloak down', () => {
  let keycloak: Forwarder;

  beforeAll(async () => {
    const { keycloakUrl } = testStack();
    keycloak = await Forwarder.to(keycloakUrl);
    api = await startAuthApi('keycloak-down', { KEYCLOAK_URL: keycloak.url(keycloakUrl) });
    member = await newMember(api.url);
    key = await newKey(api.url, member);
  });
  afterAll(async () => {
    await api.stop();
    await keycloak.close();
  });

  it('keys and tokens go on working, the ways in say 503 in time, nothing is half made, and it recovers', async () => {
    const [guest, crowd] = [await newGuest(api.url), await newGuest(api.url)];
    await keycloak.refuse();
    for (const wayIn of Object.values(WAYS_IN)) {
      expectOutage(await wayIn(0));
      expectOutage(await wayIn(0));
      for (const answer of await tenTimes(wayIn)) expectOutage(answer);
      await expectTokensAndKeysToWork();
    }
    expectOutage(await upgrade(guest));
    for (const answer of await tenTimes(() => upgrade(crowd))) expectOutage(answer);
    const made = await newKey(api.url, member, { name: 'made while Keycloak was down' });
    const revoked = await newKey(api.url, member, { name: 'revoked while Keycloak was down' });
    expect(
      (await call(api.url, 'DELETE', `/auth/api-keys/${revoked.id}`, { token: member.accessToken })).status,
    ).toBe(204);
    expect((await validate(api.url, revoked.key)).body.reason).toBe('revoked');
    await keycloak.accept();
    await expectToRecover(guest);
    await expectMirror(member, made);
    expect((await mirrored(member.id)).some((entry) => entry.startsWith(revoked.id))).toBe(false);
    await expectEventsToBeHeard();
  }, 180_000);

  it('a request that Keycloak carries out after we gave it up leaves nothing half made', async () => {
    const guest = await newGuest(api.url);
    keycloak.freeze();
    const [login, upgraded] = await Promise.all([WAYS_IN['guest-login'](), upgrade(guest)]);
    expectOutage(login);
    expectOutage(upgraded);
    keycloak.thaw();
    await expectToRecover(guest);
  }, 120_000);
});

describe('auth-api started while Keycloak is down', () => {
  it('listens, says what is missing, and becomes ready by itself', async () => {
    const { keycloakUrl } = testStack();
    const keycloak = await Forwarder.to(keycloakUrl);
    await keycloak.refuse();
    const late = await launchAuthApi('keycloak-late', { KEYCLOAK_URL: keycloak.url(keycloakUrl) });
    try {
      expect((await call(late.url, 'GET', '/healthz')).body).toEqual({ status: 'ok' });
      const missing = await call(late.url, 'GET', '/readyz');
      expect(missing).toMatchObject({
        status: 503,
        body: { type: '/docs/problems/health/not-ready', keycloak: 'down', keys: { loaded: false } },
      });
      expect(missing.body.detail).toContain('no realm keys yet');
      expect(missing.headers.get('retry-after')).not.toBeNull();
      await eventually(
        async () => (await call(late.url, 'GET', '/readyz')).body.database === 'up',
        'the database is up without Keycloak',
      );
      await keycloak.accept();
      await eventually(
        async () => (await call(late.url, 'GET', '/readyz')).status === 200,
        'ready by itself',
      );
      await newMember(late.url);
      expect(await sql(late.databaseUrl, 'SELECT 1 FROM guests')).toHaveLength(1);
    } finally {
      await late.stop();
      await keycloak.close();
    }
  });
});
