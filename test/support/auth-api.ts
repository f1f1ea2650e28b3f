import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { identityKey } from '../../apps/local-stack/src/secrets.js';
import { startApp } from './child.js';
import { rememberSecrets } from './secrets-ledger.js';
import { createTestDatabase, testStack } from './stack.js';

/** A real Kong has these from its own environment, so a test run against one is given them. */
export const GATEWAY_SECRET = process.env['GATEWAY_SECRET'] ?? randomBytes(32).toString('base64url');
export const GATEWAY_CALL_SECRET =
  process.env['GATEWAY_CALL_SECRET'] ?? randomBytes(32).toString('base64url');
export const GATEWAY_IDENTITY_KEY = identityKey(GATEWAY_SECRET, 'auth-api');

export const CREDENTIAL_KEY = randomBytes(32).toString('base64');

rememberSecrets({ CREDENTIAL_KEY, GATEWAY_SECRET, GATEWAY_CALL_SECRET, GATEWAY_IDENTITY_KEY });

export interface RunningAuthApi {
  readonly url: string;
  readonly internalUrl: string;
  readonly databaseUrl: string;
  readonly process: ChildProcess;
  /** Everything it wrote so far. */
  readonly output: () => string;
  /** SIGTERM, and resolves when it is gone. Call it in afterAll. */
  stop(): Promise<void>;
  /** SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>;
  /** The value of a metric summed over all label sets that contain `labels`. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

/**
 * Starts the real auth-api, compiled, as a process of its own on free ports with a database of its own (or the one given),
 * against the Keycloak of the test stack. Resolves when both ports listen, which is before it is ready.
 */
export async function launchAuthApi(
  purpose: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<RunningAuthApi> {
  const stack = testStack();
  const databaseUrl = environment['DATABASE_URL'] ?? (await createTestDatabase(purpose.replace(/\W/g, '_')));
  const variables = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    PORT: '0',
    INTERNAL_PORT: '0',
    DATABASE_URL: databaseUrl,
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_BACKEND_CLIENT_SECRET: stack.backendClientSecret,
    KEYCLOAK_GUEST_CLIENT_SECRET: stack.guestClientSecret,
    CREDENTIAL_KEY,
    GATEWAY_CALL_SECRET,
    GATEWAY_IDENTITY_KEY,
    ...environment,
  };
  const app = await startApp('auth-api', purpose, variables, /"port":(\d+),"internal_port":(\d+)/);
  const [, port, internalPort] = app.ready;
  const internalUrl = `http://127.0.0.1:${internalPort}`;
  return {
    url: `http://127.0.0.1:${port}`,
    internalUrl,
    databaseUrl,
    process: app.process,
    output: app.output,
    stop: () => app.end('SIGTERM'),
    kill: () => app.end('SIGKILL'),
    metric: (name, labels = {}) => readMetric(internalUrl, name, labels),
  };
}

/** As `launchAuthApi`, and waits until /readyz says yes. */
export async function startAuthApi(
  purpose: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<RunningAuthApi> {
  const api = await launchAuthApi(purpose, environment);
  await eventually(
    async () => (await fetch(`${api.url}/readyz`)).status === 200,
    `${purpose} is ready`,
    20_000,
  );
  return api;
}

/** Waits for a condition, asked again and again; a throw counts as not yet. @throws {Error} naming what never came */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The SHA-256 of an API key, as auth-api stores it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readMetric(
  internalUrl: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const text = await (await fetch(`${internalUrl}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((pair) => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
