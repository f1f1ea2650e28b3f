import { afterAll, beforeAll } from '@jest/globals';
import pg from 'pg';
import { eventually, GATEWAY_CALL_SECRET, type RunningAuthApi, startAuthApi } from './auth-api.js';
import {
  type Answer,
  type Call,
  newGuest,
  newKey,
  newMember,
  type TestGuest,
  type TestMember,
} from './client.js';
import { checkedCall } from './contract.js';
import { KeycloakAdmin } from './keycloak-admin.js';

/** What a test file needs of an auth-api of its own. Every answer is held to the OpenAPI document. */
export interface TestApi {
  readonly url: string;
  readonly process: RunningAuthApi;
  readonly keycloak: KeycloakAdmin;
  call(method: string, path: string, options?: Call): Promise<Answer>;
  get(path: string, options?: Call): Promise<Answer>;
  post(path: string, options?: Call): Promise<Answer>;
  guest(): Promise<TestGuest>;
  member(wishes?: { password?: string }): Promise<TestMember>;
  /** A member that tests share which change nothing about him. */
  anyone(): Promise<TestMember>;
  /** A member with the role admin, which auth-api knows of by now. */
  admin(): Promise<TestMember>;
  /** As `anyone`, an administrator. */
  anyAdmin(): Promise<TestMember>;
  key(member: TestGuest, body?: Readonly<Record<string, unknown>>): Promise<{ id: string; key: string }>;
  /** What the gateway is told about a key. */
  validate(key: string): Promise<Answer>;
  me(token: string): Promise<Answer>;
  /** Rows of the process's own database. */
  sql<T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<T[]>;
}

/** Starts auth-api before the tests of a file and stops it after them. */
export function useAuthApi(
  purpose: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): TestApi {
  let running: RunningAuthApi | undefined;
  let database: pg.Pool | undefined;
  const process = (): RunningAuthApi => {
    if (running === undefined) throw new Error('auth-api is started before the first test');
    return running;
  };
  beforeAll(async () => {
    running = await startAuthApi(purpose, environment);
    database = new pg.Pool({ connectionString: running.databaseUrl, max: 2 });
  });
  afterAll(async () => {
    await database?.end();
    await running?.stop();
  });
  const keycloak = new KeycloakAdmin();
  let shared: Promise<TestMember> | undefined;
  let sharedAdmin: Promise<TestMember> | undefined;
  const call: TestApi['call'] = (method, path, options) => checkedCall(process().url, method, path, options);
  const api: TestApi = {
    get url() {
      return process().url;
    },
    get process() {
      return process();
    },
    keycloak,
    call,
    get: (path, options) => call('GET', path, options),
    post: (path, options) => call('POST', path, options),
    guest: () => newGuest(process().url),
    member: (wishes) => newMember(process().url, wishes),
    anyone: () => (shared ??= api.member()),
    anyAdmin: () => (sharedAdmin ??= api.admin()),
    key: (member, body) => newKey(process().url, member, body),
    me: (token) => call('GET', '/auth/me', { token }),
    validate: (key) =>
      call('POST', '/auth/validate-api-key', { token: GATEWAY_CALL_SECRET, body: { api_key: key } }),
    async admin() {
      const member = await api.member();
      await keycloak.grantRole(member.id, 'admin');
      await eventually(
        async () => (await api.me(member.accessToken)).body.roles.includes('admin'),
        'auth-api hears of the role',
      );
      return member;
    },
    async sql<T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      if (database === undefined) throw new Error('auth-api is started before the first test');
      return (await database.query<T>(text, [...values])).rows;
    },
  };
  return api;
}
