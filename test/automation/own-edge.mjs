// A gateway and all services of their own for the collections, compiled, on the test stack: PostgreSQL and Keycloak that
// tests share.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const READY_WITHIN_MS = 30_000;

/** Uses the stack that GATEHOUSE_TEST_STACK names, else starts one that ends with this process. */
export async function startOwn(root) {
  const dist = (path) => join(root, 'dist', path);
  const stackProgram = dist('apps/local-stack/src/main.js');
  if (!existsSync(stackProgram)) throw new Error('dist is missing: npm run build');
  const given = process.env.GATEHOUSE_TEST_STACK;
  const file = given && existsSync(given) ? given : startStack(stackProgram);
  const stack = JSON.parse(readFileSync(file, 'utf8'));
  const { identityKey } = await import(dist('apps/local-stack/src/secrets.js'));
  const { loadGateway } = await import(dist('apps/local-stack/src/gateway.js'));
  const { appSetting } = await import(dist('apps/local-stack/src/plan.js'));
  const { APPS } = await import(dist('apps/local-stack/src/apps.js'));
  const [gatewaySecret, callSecret] = [randomBytes(32), randomBytes(32)].map((b) => b.toString('base64url'));
  const free = { GATEWAY_PROXY_PORT: '0', GATEWAY_ADMIN_PORT: '0' };
  const secrets = { GATEWAY_SECRET: gatewaySecret, GATEWAY_CALL_SECRET: callSecret };
  const gateway = await start(
    root,
    'local-gateway',
    { ...free, ...secrets },
    /"proxy_port":(\d+),"admin_port":(\d+)/,
  );
  const [url, adminUrl] = gateway.ports.map((port) => `http://127.0.0.1:${port}`);
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-newman-'));
  const common = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    PORT: '0',
    INTERNAL_PORT: '0',
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_BACKEND_CLIENT_SECRET: stack.backendClientSecret,
    KEYCLOAK_GUEST_CLIENT_SECRET: stack.guestClientSecret,
    KONG_ADMIN_URLS: adminUrl,
    TRUSTED_PROXIES: '127.0.0.1',
    GATEWAY_CALL_SECRET: callSecret,
    CREDENTIAL_KEY: randomBytes(32).toString('base64'),
  };
  const apps = [];
  const addresses = {};
  // In the order of apps.ts, where what is called stands before what calls it.
  for (const { name, readyPath, database, folderSetting, calls = [] } of APPS) {
    const environment = {
      ...common,
      ...(database && { DATABASE_URL: await createDatabase(stack) }),
      ...(folderSetting && { [folderSetting]: join(folder, name) }),
      ...addresses,
      ...Object.fromEntries(
        calls.map((other) => [appSetting(other, 'IDENTITY_KEY'), identityKey(gatewaySecret, other)]),
      ),
      GATEWAY_IDENTITY_KEY: identityKey(gatewaySecret, name),
    };
    const app = await start(root, name, environment, /"port":(\d+),"internal_port":(\d+)/);
    const [appUrl, internalUrl] = app.ports.map((port) => `http://127.0.0.1:${port}`);
    await ready(appUrl + readyPath);
    addresses[appSetting(name, 'URL')] = appUrl;
    addresses[appSetting(name, 'INTERNAL_URL')] = internalUrl;
    apps.push(app);
  }
  await loadGateway({
    url,
    adminUrl,
    settings: {
      LIMITS_PROFILE: 'development',
      KEYCLOAK_URL: stack.keycloakUrl,
      KEYCLOAK_ISSUER: stack.issuer,
      ...addresses,
    },
    hasAuthApi: true,
    file: join(folder, 'kong.yaml'),
    signal: new globalThis.AbortController().signal,
  });
  return {
    variables: {
      llm_api_url: url,
      kong_url: url,
      has_gateway: 'true',
      auth_api_url: addresses.AUTH_API_URL,
      keycloak_base_url: stack.keycloakUrl,
      realm: stack.realm,
      keycloak_admin: stack.keycloakAdmin.username,
      keycloak_admin_password: stack.keycloakAdmin.password,
      gateway_call_secret: callSecret,
    },
    async stop() {
      await Promise.all(apps.map((app) => app.stop()));
      await gateway.stop();
      rmSync(folder, { recursive: true, force: true });
      if (file !== given) spawnSync(process.execPath, [stackProgram, 'test-stack', '--stop', file]);
    },
  };
}

function startStack(program) {
  const args = [program, 'test-stack', '--owner', String(process.pid)];
  const { stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const file = /^export GATEHOUSE_TEST_STACK=(.+)$/m.exec(stdout)?.[1];
  if (file === undefined) throw new Error('the test stack did not start: see above');
  return file;
}

/** Never dropped: it goes with the stack. */
async function createDatabase({ postgresAdminUrl }) {
  const name = `newman_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: postgresAdminUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(postgresAdminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** A process that ends with this one. Its output goes to the folder of logs that a test run searches for secrets. */
async function start(root, app, variables, pattern) {
  const env = { PATH: process.env.PATH, ...variables };
  const main = join(root, `dist/apps/${app}/src/main.js`);
  const child = spawn(process.execPath, [main], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const folder = join(root, 'test-results/logs');
  mkdirSync(folder, { recursive: true });
  const log = createWriteStream(join(folder, `newman-${app}-${child.pid}.log`));
  let output = '';
  const ports = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        output = `${output}${line}\n`.slice(-2000);
        const found = pattern.exec(line);
        if (found) resolve(found.slice(1));
      });
    child.once('exit', (code) => reject(new Error(`${app} ended with ${code}:\n${output}`)));
  });
  return {
    ports,
    async stop() {
      child.kill('SIGTERM');
      await gone;
      process.off('exit', killed);
    },
  };
}

async function ready(url) {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
    const answer = await globalThis.fetch(url).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`${url} did not become ready: see test-results/logs`);
}
