// Starts what is measured: the stack, auth-api and the bare server, each a process of its own.
import { fork, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const LOG = at('test-results/bench-auth-api.log');
const { fetch } = globalThis;

export const CALL_SECRET = randomBytes(32).toString('base64url');
export const IDENTITY_KEY = randomBytes(32).toString('base64url');

/** The stack that GATEHOUSE_TEST_STACK names, or a new one, which ends with this process. */
export function testStack() {
  process.env.GATEHOUSE_TEST_STACK ??= startStack();
  const stack = JSON.parse(readFileSync(process.env.GATEHOUSE_TEST_STACK, 'utf8'));
  return {
    ...stack,
    databaseUrl: (name) => Object.assign(new URL(stack.postgresAdminUrl), { pathname: name }).href,
  };
}

function startStack() {
  const program = at('dist/apps/local-stack/src/main.js');
  const args = [program, 'test-stack', '--owner', String(process.pid)];
  const { stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const file = /^export GATEHOUSE_TEST_STACK=(.+)$/m.exec(stdout)?.[1];
  if (file === undefined) throw new Error('the test stack did not start: see above');
  process.once('exit', () => spawnSync(process.execPath, [program, 'test-stack', '--stop', file]));
  return file;
}

/** A database of one's own in the stack. */
export async function createDatabase(stack) {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: stack.postgresAdminUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return stack.databaseUrl(name);
}

/**
 * auth-api as in production, but with limits that let one address ask for everything.
 *
 * @returns {Promise<Server & { listensMs: number, readyMs: number }>} once it is ready, and how long that took
 */
export async function startAuthApi(stack, databaseUrl) {
  const [port, internalPort] = [await freePort(), await freePort()];
  mkdirSync(at('test-results'), { recursive: true });
  const log = openSync(LOG, 'a');
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...flags(), at('dist/apps/auth-api/src/main.js')], {
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      LOG_LEVEL: 'info',
      LIMITS_PROFILE: 'development',
      API_KEY_MAX_PER_USER: '500',
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      DATABASE_URL: databaseUrl,
      KEYCLOAK_URL: stack.keycloakUrl,
      KEYCLOAK_ISSUER: stack.issuer,
      KEYCLOAK_REALM: stack.realm,
      KEYCLOAK_BACKEND_CLIENT_SECRET: stack.backendClientSecret,
      KEYCLOAK_GUEST_CLIENT_SECRET: stack.guestClientSecret,
      GATEWAY_CALL_SECRET: CALL_SECRET,
      CREDENTIAL_KEY: IDENTITY_KEY,
      GATEWAY_IDENTITY_KEY: IDENTITY_KEY,
    },
  });
  child.once('exit', (code) => code && console.error(`auth-api ended with ${code}: see ${LOG}`));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/healthz`)).ok);
  const listensMs = performance.now() - startedAt;
  await until(async () => (await fetch(`${url}/readyz`)).ok);
  const readyMs = performance.now() - startedAt;
  return { ...server(url, `http://127.0.0.1:${internalPort}/metrics`, child), listensMs, readyMs };
}

/** @returns {Promise<Server & { learn: (answers: [string, string][]) => void }>} */
export async function startBareServer(databaseUrl) {
  const child = fork(at('test/bench/bare-server.mjs'), [], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  const port = await new Promise((resolve) => child.once('message', resolve));
  const url = `http://127.0.0.1:${port}`;
  return { ...server(url, `${url}/metrics`, child), learn: (answers) => child.send(answers) };
}

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {(name: string, labels?: string) => Promise<number>} metric summed over its label sets
 * @property {() => Promise<void>} stop
 */
function server(url, metricsUrl, child) {
  const metric = async (name, labels = '') => {
    const lines = (await (await fetch(metricsUrl)).text()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  return { url, metric, stop, pid: child.pid };
}

/** Asks again until it is so. @throws {Error} it never was, within 20 s */
export async function until(condition) {
  for (const end = Date.now() + 20_000; ;) {
    if (await condition().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await sleep(5);
  }
}

/** For a profiler: BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/profiles". */
function flags() {
  return (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
