import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplyStopped, KongNodes, KongRefused, KongUnreachable } from '#kong-admin';
import {
  loadTopology,
  topology,
  TopologyBlocked,
  topologyOptions,
  toYaml,
} from '../../../kong/topology/index.js';
import { type Child, runChild, startChild, turnLog, waitUntilReady } from './child.js';
import { StackFailure, Stopped } from './failure.js';
import { answersOk, answersWith } from './http-probe.js';
import type { ProcessIdentity } from './process-identity.js';
import { type Secrets, withoutSecrets } from './secrets.js';

export const STAND_IN = 'dist/apps/local-gateway/src/main.js';
const PLUGINS = 'bundled,keycloak-jwt,keycloak-apikey,keycloak-principal';
const ADMIN_TIMEOUT_MS = 10_000;
/** Kong with a database takes up a new route within `worker_state_update_frequency`, 5 s. */
const TAKEN_UP_MS = 30_000;

export interface GatewayOptions {
  readonly checkout: string;
  /** Gets the log and, of a real Kong, its prefix. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  /** `kong` of the machine; the stand-in runs where there is none. */
  readonly kong: string | undefined;
  /** `postgresql://…` of an existing database for a real Kong. */
  readonly databaseUrl: string;
  readonly secrets: Pick<Secrets, 'GATEWAY_SECRET' | 'GATEWAY_CALL_SECRET'>;
  readonly signal: AbortSignal;
  readonly onSpawn: (identity: ProcessIdentity, logFile: string) => void;
}

/** The `kong` that a shell with this environment would run. */
export function findKong(env: NodeJS.ProcessEnv): string | undefined {
  const files = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder || '.', 'kong'));
  return files.find(isExecutable);
}

/**
 * Starts a gateway that knows no route yet and waits until its Admin API answers.
 *
 * @throws {StackFailure} it ended while starting, or takes too long
 * @throws {Stopped} the signal came first
 */
export async function startGateway(options: GatewayOptions): Promise<Child> {
  const { folder, adminPort, signal } = options;
  const logFile = turnLog(join(folder, 'gateway.log'));
  const { command, args, env } = options.kong
    ? await prepareKong(options, options.kong, logFile)
    : standIn(options);
  const what = { name: 'gateway', command, args, env, logFile, cwd: options.checkout };
  const child = await startChild({ ...what, onSpawn: options.onSpawn });
  try {
    const isReady = () => answersOk(`http://127.0.0.1:${adminPort}/status`);
    await waitUntilReady('gateway', child, isReady, { signal, timeoutMs: 60_000 });
    return child;
  } catch (error) {
    await child.stop();
    throw error;
  }
}

export interface LoadOptions {
  readonly url: string;
  readonly adminUrl: string;
  /** Addresses and choices of the topology, as kong/topology/options.ts names them. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** Without auth-api nothing stands behind /healthz; that it is routed is enough then. */
  readonly hasAuthApi: boolean;
  /** Started by us: then a large part of what an earlier start left there may go. */
  readonly isOurs: boolean;
  /** Gets the topology when it is loaded: auth-api loads it again where it is lost. */
  readonly file: string;
  readonly signal: AbortSignal;
}

/**
 * Loads the topology and waits until clients reach auth-api through it.
 *
 * @throws {StackFailure} the gateway refuses it or does not answer, with what to do
 * @throws {Stopped} the signal came first
 */
export async function loadGateway(options: LoadOptions): Promise<void> {
  const { url, adminUrl, settings, hasAuthApi, isOurs: force, file, signal } = options;
  const wanted = topology(topologyOptions(settings));
  const nodes = new KongNodes({ urls: [adminUrl], timeoutMs: ADMIN_TIMEOUT_MS, tokenHeader: undefined });
  try {
    await loadTopology(nodes, adminUrl, wanted, { force, signal });
    writeFileSync(file, toYaml(wanted));
  } catch (error) {
    throw signal.aborted ? new Stopped() : loadFailure(error);
  }
  const good = hasAuthApi ? [200] : [200, 502, 503, 504];
  for (const deadline = Date.now() + TAKEN_UP_MS; ; await sleep(100)) {
    if (signal.aborted) throw new Stopped();
    const status = await answersWith(`${url}/healthz`);
    if (status !== undefined && good.includes(status)) return;
    if (Date.now() < deadline) continue;
    const reason = `${url}/healthz answers ${status ?? 'nothing'} ${TAKEN_UP_MS / 1000} s after the topology was loaded`;
    throw new StackFailure({ reason, advice: 'see its log; can the gateway reach auth-api?' });
  }
}

function standIn({ checkout, port, adminPort, secrets }: GatewayOptions) {
  const env = {
    ...withoutSecrets(process.env),
    GATEWAY_PROXY_PORT: String(port),
    GATEWAY_ADMIN_PORT: String(adminPort),
    GATEWAY_PLUGINS_PATH: join(checkout, 'kong/plugins'),
    GATEWAY_SECRET: secrets.GATEWAY_SECRET,
    GATEWAY_CALL_SECRET: secrets.GATEWAY_CALL_SECRET,
  };
  return { command: process.execPath, args: ['--enable-source-maps', join(checkout, STAND_IN)], env };
}

/** Brings its database up to date. What follows is `kong start`, which stays in the foreground. */
async function prepareKong(options: GatewayOptions, kong: string, logFile: string) {
  const { folder, checkout, port, adminPort, databaseUrl, secrets, signal, onSpawn } = options;
  const dicts = join(folder, 'kong-dicts.conf');
  writeFileSync(dicts, 'lua_shared_dict gatehouse 16m;\nlua_shared_dict gatehouse_volatile 32m;\n');
  const database = new URL(databaseUrl);
  const env = {
    ...withoutSecrets(process.env),
    KONG_PREFIX: join(folder, 'kong'),
    KONG_DATABASE: 'postgres',
    KONG_PG_HOST: database.hostname,
    KONG_PG_PORT: database.port || '5432',
    KONG_PG_USER: decodeURIComponent(database.username),
    KONG_PG_PASSWORD: decodeURIComponent(database.password),
    KONG_PG_DATABASE: decodeURIComponent(database.pathname.slice(1)),
    KONG_PROXY_LISTEN: `127.0.0.1:${port}`,
    KONG_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    KONG_ADMIN_GUI_LISTEN: 'off',
    KONG_STATUS_LISTEN: 'off',
    KONG_PROXY_ACCESS_LOG: 'off',
    KONG_ADMIN_ACCESS_LOG: 'off',
    KONG_PROXY_ERROR_LOG: '/dev/stderr',
    KONG_ADMIN_ERROR_LOG: '/dev/stderr',
    KONG_ANONYMOUS_REPORTS: 'off',
    KONG_NGINX_DAEMON: 'off',
    KONG_NGINX_HTTP_INCLUDE: dicts,
    KONG_LUA_PACKAGE_PATH: `${checkout}/?.lua;;`,
    KONG_PLUGINS: PLUGINS,
    GATEWAY_SECRET: secrets.GATEWAY_SECRET,
    GATEWAY_CALL_SECRET: secrets.GATEWAY_CALL_SECRET,
  };
  for (const step of ['bootstrap', 'up', 'finish']) {
    const args = ['migrations', step];
    await runChild({ name: `kong migrations ${step}`, command: kong, args, env, logFile, onSpawn }, signal);
  }
  return { command: kong, args: ['start'], env };
}

function loadFailure(thrown: unknown): unknown {
  const error = thrown instanceof ApplyStopped ? (thrown.cause ?? thrown) : thrown;
  if (error instanceof TopologyBlocked) {
    const advice = 'give way there, or load it yourself: npm run kong:apply -- --force';
    return new StackFailure(
      { reason: `the gateway has no room for our topology: ${error.message}`, advice },
      error,
    );
  }
  if (error instanceof KongRefused) {
    const advice = 'are our plugins installed there? See kong/plugins/README.md';
    return new StackFailure({ reason: `the gateway refuses our topology: ${error.message}`, advice }, error);
  }
  if (error instanceof KongUnreachable) {
    const advice = 'start that Kong, or unset KONG_ADMIN_URL for a gateway that we start';
    return new StackFailure({ reason: error.message, advice }, error);
  }
  return error;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us
  }
}
