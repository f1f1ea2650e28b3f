import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { identityKey } from '../../apps/local-stack/src/secrets.js';
import { eventually, GATEWAY_SECRET } from './auth-api.js';
import { type Answer, type Call, call } from './client.js';
import { startApp } from './child.js';
import { checkAnswer } from './contract.js';
import { rememberSecrets } from './secrets-ledger.js';
import { testStack } from './stack.js';

export type ServiceName = 'llm-api' | 'media-api' | 'response-api' | 'mcp-tools' | 'echo-api';

/** A service behind the gateway, compiled, as a process of its own on free ports. */
export interface RunningService {
  readonly name: ServiceName;
  readonly url: string;
  readonly internalUrl: string;
  /** Everything it wrote so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Who is calling, as the gateway would say it. */
export interface Caller {
  readonly id: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Resolves when the service is ready. Settings given win over those that every service gets. */
export async function startService(
  name: ServiceName,
  purpose: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<RunningService> {
  const stack = testStack();
  const key = serviceKey(name);
  const variables = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    PORT: '0',
    INTERNAL_PORT: '0',
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_REALM: stack.realm,
    TRUSTED_PROXIES: '127.0.0.1',
    GATEWAY_IDENTITY_KEY: key,
    ...environment,
  };
  const app = await startApp(name, `${purpose}-${name}`, variables, /"port":(\d+),"internal_port":(\d+)/);
  const [, port, internalPort] = app.ready;
  const url = `http://127.0.0.1:${port}`;
  const ready = name === 'echo-api' ? '/healthz' : '/readyz';
  await eventually(async () => (await fetch(url + ready)).status === 200, `${name} is ready`, 20_000);
  return {
    name,
    url,
    internalUrl: `http://127.0.0.1:${internalPort}`,
    output: app.output,
    stop: () => app.end('SIGTERM'),
  };
}

/** The key with which the gateway of the tests signs identities for a service. */
export function serviceKey(service: ServiceName): string {
  const key = identityKey(GATEWAY_SECRET, service);
  rememberSecrets({ [`identity key of ${service}`]: key });
  return key;
}

/** Somebody the gateway has let in: a registered person with a session, unless the claims say otherwise. */
export function caller(claims: Readonly<Record<string, unknown>> = {}, id: string = randomUUID()): Caller {
  const name = `caller-${id.slice(0, 8)}`;
  return {
    id,
    claims: {
      sub: id,
      preferred_username: name,
      email: `${name}@example.com`,
      email_verified: true,
      guest: false,
      roles: ['user'],
      scope: '',
      azp: 'llm-api',
      amr: ['jwt'],
      cid: randomUUID(),
      ...claims,
    },
  };
}

/** Somebody whom an API key with these scopes has let in. */
export function keyCaller(...scopes: readonly string[]): Caller {
  return caller({ amr: ['apikey'], scope: scopes.join(' ') });
}

/** `X-Gateway-Identity` of a caller for a service, good for a minute. */
export function proofFor(service: ServiceName, { claims }: Caller): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: 'gatehouse-gateway', aud: service, iat: now, exp: now + 60, ...claims };
  const text = [{ alg: 'HS256', typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = Buffer.from(serviceKey(service), 'base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** A call as the gateway passes it on. */
export interface CallAs extends Call {
  readonly as?: Caller;
}

export interface TestService {
  readonly url: string;
  readonly process: RunningService;
  /** Every answer is held to the service's OpenAPI document. */
  call(method: string, path: string, options?: CallAs): Promise<Answer>;
  get(path: string, options?: CallAs): Promise<Answer>;
  post(path: string, options?: CallAs): Promise<Answer>;
}

/** Starts a service before the tests of a file and stops it after them. `environment` is asked when it starts. */
export function useService(
  name: ServiceName,
  purpose: string,
  environment: () => Readonly<Record<string, string | undefined>> = () => ({}),
): TestService {
  let running: RunningService | undefined;
  const process = (): RunningService => {
    if (running === undefined) throw new Error(`${name} is started before the first test`);
    return running;
  };
  beforeAll(async () => {
    running = await startService(name, purpose, environment());
  });
  afterAll(() => running?.stop());
  const send: TestService['call'] = async (method, path, { as, headers, ...options } = {}) => {
    const proof: Record<string, string> =
      as === undefined ? {} : { 'x-gateway-identity': proofFor(name, as) };
    const answer = await call(process().url, method, path, { ...options, headers: { ...proof, ...headers } });
    checkAnswer(method, path, answer, name);
    return answer;
  };
  return {
    get url() {
      return process().url;
    },
    get process() {
      return process();
    },
    call: send,
    get: (path, options) => send('GET', path, options),
    post: (path, options) => send('POST', path, options),
  };
}
