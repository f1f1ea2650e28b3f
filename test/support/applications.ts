import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { AdminProxy } from './admin-proxy.js';
import { eventually } from './auth-api.js';
import type { Answer, Body, TestGuest, TestMember } from './client.js';
import { type TestApi, useAuthApi } from './harness.js';
import { KongProjection } from './kong-projection.js';
import { rememberSecrets } from './secrets-ledger.js';
import { StandIn } from './stand-in.js';

/** auth-api with a Kong of its own, and what tests of applications say to it. */
export interface ApplicationsScene {
  readonly api: TestApi;
  /** Stands before Kong: `refuse` and `accept` take it away and give it back. */
  readonly kong: AdminProxy;
  /** What Kong holds. */
  readonly projection: KongProjection;
  /** Does something while Kong is away, and gives it back. */
  readonly withoutKong: <T>(work: () => Promise<T>) => Promise<T>;
  readonly application: (owner: TestGuest, more?: Readonly<Record<string, unknown>>) => Promise<string>;
  readonly subscribe: (
    owner: TestGuest,
    applicationId: string,
    more?: Readonly<Record<string, unknown>>,
  ) => Promise<Answer>;
  /** An application of the implicit flow. */
  readonly implicit: (owner: TestGuest, api?: string) => Promise<string>;
  readonly decide: (
    admin: TestGuest,
    applicationId: string,
    subscriptionId: string,
    decision: 'approve' | 'refuse',
    body?: unknown,
  ) => Promise<Answer>;
  readonly register: (registrar: TestGuest, body: Readonly<Record<string, unknown>>) => Promise<Answer>;
  /** Somebody with the role consumer-registrar. */
  readonly registrar: () => Promise<TestMember>;
  /** The audit trail about one thing, oldest first. */
  readonly trail: (target: string) => Promise<{ action: string; actor: string | null; details: Body }[]>;
  /** Consumers that should be there, or of which Kong still has to hear that they should not. */
  readonly consumers: (like: string) => Promise<ConsumerAsKept[]>;
}

export interface ConsumerAsKept {
  readonly id: string;
  readonly username: string;
  readonly customId: string | null;
  readonly groups: string[];
  readonly limits: Body;
  readonly isRemoved: boolean;
  /** Ids of its credentials. */
  readonly credentials: string[];
}

const KEPT = `
  SELECT c.id, c.username, c.custom_id AS "customId", c.groups, c.limits, c.removed_at IS NOT NULL AS "isRemoved",
         ARRAY(SELECT k.id::text FROM consumer_credentials k WHERE k.consumer_id = c.id) AS credentials
  FROM consumers c WHERE c.username LIKE $1 ORDER BY c.username`;

/** An id that no other test uses. */
export function newApplicationId(): string {
  return `app-${randomUUID()}`;
}

/** An e-mail that no other test uses. */
export function newEndUserEmail(): string {
  return `e-${randomUUID().slice(0, 13)}@example.com`;
}

/** Starts both before the tests of a file and stops them after it. */
export function useApplications(
  purpose: string,
  environment: Readonly<Record<string, string>> = {},
): ApplicationsScene {
  let [standIn, proxy, projection]: [StandIn?, AdminProxy?, KongProjection?] = [];
  beforeAll(async () => {
    standIn = await StandIn.start(`${purpose}-kong`, 'db');
    proxy = await AdminProxy.to(standIn.adminUrl);
    projection = new KongProjection(standIn.adminUrl);
  });
  const kong = (): AdminProxy => started(proxy);
  // Read when auth-api starts, which is after Kong.
  const settings = {
    ...environment,
    get KONG_ADMIN_URLS() {
      return kong().url;
    },
  };
  const api = useAuthApi(purpose, settings);
  afterAll(async () => {
    await proxy?.stop();
    await standIn?.stop();
  });
  const scene: ApplicationsScene = {
    api,
    get kong() {
      return kong();
    },
    get projection() {
      return started(projection);
    },
    async withoutKong(work) {
      await kong().refuse();
      try {
        return await work();
      } finally {
        await kong().accept();
      }
    },
    async application({ accessToken: token }, more = {}) {
      const body = { id: newApplicationId(), name: 'An application', ...more };
      expectStatus(await api.post('/applications', { token, body }), 201);
      return body.id;
    },
    async subscribe({ accessToken: token }, applicationId, more = {}) {
      const body = { api: 'echo', auth: 'key-auth', ...more };
      const answer = await api.post(`/applications/${applicationId}/subscriptions`, { token, body });
      const { key, client_secret: secret } = answer.body?.credentials ?? {};
      rememberSecrets({ [`subscription ${answer.body?.id}`]: key ?? secret ?? undefined });
      return answer;
    },
    async implicit(owner, name = 'echo') {
      const id = await scene.application(owner, { redirect_uri: 'https://app.example.com/callback' });
      expectStatus(await scene.subscribe(owner, id, { api: name, auth: 'oauth2-implicit' }), 201);
      return id;
    },
    decide: ({ accessToken: token }, applicationId, subscriptionId, decision, body) =>
      api.post(`/applications/${applicationId}/subscriptions/${subscriptionId}/${decision}`, { token, body }),
    register: ({ accessToken: token }, body) => api.post('/oauth2/register', { token, body }),
    async registrar() {
      const member = await api.member();
      await api.keycloak.grantRole(member.id, 'consumer-registrar');
      await hasRole(api, member, 'consumer-registrar');
      return member;
    },
    trail: (target) =>
      api.sql('SELECT action, actor, details FROM audit_events WHERE target = $1 ORDER BY at, id', [target]),
    consumers: (like) => api.sql<ConsumerAsKept & Record<string, unknown>>(KEPT, [like]),
  };
  return scene;
}

async function hasRole(api: TestApi, { accessToken }: TestMember, role: string): Promise<void> {
  await eventually(
    async () => (await api.me(accessToken)).body.roles.includes(role),
    `auth-api hears of the role ${role}`,
  );
}

function started<T>(it: T | undefined): T {
  if (it === undefined) throw new Error('Kong is started before the first test');
  return it;
}

function expectStatus({ status, body }: Answer, wanted: number): void {
  if (status !== wanted) throw new Error(`${status} and not ${wanted}: ${JSON.stringify(body)}`);
}
