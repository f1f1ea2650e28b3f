import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startGateway } from '../contract/kong/gateway.js';
import {
  eventually,
  finished,
  isRunning,
  NEVER_READY,
  ScratchCheckout,
} from '../support/scratch-checkout.js';

let checkout: ScratchCheckout;
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
  await checkout.remove();
});

describe('make up', () => {
  it('twice is fine', async () => {
    checkout = new ScratchCheckout();
    const first = await checkout.run(['up']);
    expect(first.output).toMatch(/✓ auth-api .* s\n/);
    const gateway = checkout.addressOf('gateway');
    expect(first.output).toContain(`curl -X POST ${gateway}/auth/guest-login`);
    expect((await fetch(`${gateway}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway}/v1/models`)).status).toBe(401);
    expect(first.code).toBe(0);
    const pid = checkout.pidOf('auth-api');
    const second = await checkout.run(['up']);
    expect(second).toMatchObject({ code: 0, output: expect.stringMatching(/^already up/) as unknown });
    expect(checkout.pidOf('auth-api')).toBe(pid);
    expect((await checkout.run(['status'])).code).toBe(0);
    const ours = [pid, checkout.pidOf('gateway')];
    expect((await checkout.run(['down'])).output).toMatch(/✓ stopped .*auth-api.*, gateway/);
    expect(ours.map(isRunning)).toEqual([false, false]);
    expect((await checkout.run(['status'])).code).toBe(3);
    expect(await checkout.run(['down'])).toMatchObject({ code: 0, output: 'nothing is running\n' });
  });

  it('twice at once starts one stack', async () => {
    checkout = new ScratchCheckout();
    const both = await Promise.all([checkout.run(['up']), checkout.run(['up'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ output }) => output.includes('✓ auth-api'))).toHaveLength(1);
  });

  it('keeps its secrets to itself', async () => {
    checkout = new ScratchCheckout();
    const { output } = await checkout.run(['up']);
    const folder = dirname(checkout.statePath());
    const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as Record<string, string>;
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const written = [output, ...logs.map((name) => readFileSync(join(folder, name), 'utf8'))].join('');
    for (const secret of Object.values(secrets)) expect(written).not.toContain(secret);
    const environment = readFileSync(`/proc/${checkout.pidOf('auth-api')}/environ`, 'utf8');
    expect(environment).toContain('GATEWAY_IDENTITY_KEY=');
    expect(environment).not.toContain(String(secrets['GATEWAY_SECRET']));
  });

  it('after a part has died starts afresh, and status says so before', async () => {
    checkout = new ScratchCheckout();
    await checkout.run(['up']);
    process.kill(checkout.pidOf('auth-api'), 'SIGKILL');
    await eventually(() => checkout.state().parts.some(({ state }) => state === 'ended'));
    expect(await checkout.run(['status'])).toMatchObject({
      code: 3,
      output: expect.stringContaining('ended by SIGKILL') as unknown,
    });
    expect(await checkout.run(['up'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('✓ auth-api') as unknown,
    });
  });
});

describe('the gateway', () => {
  it('is the one that KONG_ADMIN_URL names, which gets our topology and is not ours to stop', async () => {
    checkout = new ScratchCheckout();
    const kong = await startGateway('db', 'kong/plugins');
    cleanUp.push(() => kong.close());
    const given = { KONG_ADMIN_URL: kong.adminUrl, GATEWAY_URL: kong.proxyUrl };
    const { code, output } = await checkout.run(['up'], checkout.environment(given));
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`✓ gateway      ${kong.proxyUrl} (given)`);
    expect((await kong.proxy('GET /healthz')).status).toBe(200);
    await checkout.run(['down']);
    expect((await kong.admin('GET /routes/llm')).json).toMatchObject({ tags: ['topology'] });
  });

  it('is the kong of the path, with a database of its own, our plugins, and both secrets', async () => {
    checkout = new ScratchCheckout();
    const folder = checkout.folder;
    const PATH = checkout.program(
      'kong',
      `echo "$@" >> ${folder}/kong-calls; [ "$1" = start ] || exit 0
env > ${folder}/kong-env
export GATEWAY_PROXY_PORT=\${KONG_PROXY_LISTEN#*:} GATEWAY_ADMIN_PORT=\${KONG_ADMIN_LISTEN#*:}
exec ${process.execPath} ${folder}/dist/apps/local-gateway/src/main.js`,
    );
    const env = checkout.environment({ PATH: `${PATH}:${dirname(process.execPath)}` });
    const { code, output } = await checkout.run(['up'], env);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).not.toContain('stands in');
    expect((await fetch(`${checkout.addressOf('gateway')}/healthz`)).status).toBe(200);
    const calls = readFileSync(join(folder, 'kong-calls'), 'utf8').trim().split('\n');
    expect(calls).toEqual(['migrations bootstrap', 'migrations up', 'migrations finish', 'start']);
    const told = readFileSync(join(folder, 'kong-env'), 'utf8');
    expect(told).toContain('KONG_PLUGINS=bundled,keycloak-jwt,keycloak-apikey,keycloak-principal\n');
    expect(told).toContain('KONG_PG_DATABASE=kong\n');
    expect(told).toMatch(/^GATEWAY_SECRET=.{32,}$/m);
    expect(told).toMatch(/^GATEWAY_CALL_SECRET=.{32,}$/m);
    expect(told).not.toContain('CREDENTIAL_KEY');
    const dicts = /^KONG_NGINX_HTTP_INCLUDE=(.+)$/m.exec(told)?.[1] ?? '';
    expect(readFileSync(dicts, 'utf8')).toContain('lua_shared_dict gatehouse 16m;');
    const pid = checkout.pidOf('gateway');
    await checkout.run(['down']);
    expect(isRunning(pid)).toBe(false);
  });

  it('can be left out', async () => {
    checkout = new ScratchCheckout();
    const { code, output } = await checkout.run(['up', '--without', 'gateway']);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/curl -X POST http:..127.0.0.1:\d+.auth.guest-login/);
    expect(output).not.toContain('gateway');
  });
});

describe('stopping', () => {
  /** In the database of the stack itself, found as its app is told it. */
  const query = async (text: string): Promise<unknown[]> => {
    const environment = readFileSync(`/proc/${checkout.pidOf('auth-api')}/environ`, 'utf8').split('\0');
    const url = environment.find((line) => line.startsWith('DATABASE_URL='))?.slice('DATABASE_URL='.length);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const bystander = (): ChildProcess => {
    const child = spawn(process.execPath, ['-e', NEVER_READY], { stdio: 'ignore' });
    cleanUp.push(() => child.kill('SIGKILL'));
    return child;
  };

  it('with Ctrl-C in the foreground stops everything it started and nothing else', async () => {
    checkout = new ScratchCheckout();
    const other = bystander();
    const up = checkout.start(['up', '--foreground']);
    const end = finished(up);
    await eventually(() =>
      checkout.state().parts.some(({ name, state }) => name === 'auth-api' && state === 'up'),
    );
    const [app, supervisor] = [checkout.pidOf('auth-api'), checkout.state().supervisor.pid];
    up.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect([app, supervisor].map(isRunning)).toEqual([false, false]);
    expect(isRunning(other.pid ?? 0)).toBe(true);
    expect((await fetch(`${checkout.environment()['KEYCLOAK_URL']}/realms/jan`)).status).toBe(200);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'with %s during the start leaves nothing behind',
    async (signal) => {
      checkout = new ScratchCheckout(NEVER_READY);
      const up = checkout.start(['up']);
      const end = finished(up);
      await eventually(() => isRunning(checkout.pidOf('auth-api')));
      const [app, supervisor] = [checkout.pidOf('auth-api'), checkout.state().supervisor.pid];
      up.kill(signal);
      expect((await end).code).toBe(signal === 'SIGINT' ? 130 : null);
      await eventually(() => !isRunning(app) && !isRunning(supervisor));
    },
  );

  it('a killed supervisor is healed by the next up', async () => {
    checkout = new ScratchCheckout();
    await checkout.run(['up']);
    const orphan = checkout.pidOf('auth-api');
    process.kill(checkout.state().supervisor.pid, 'SIGKILL');
    await eventually(() => !isRunning(checkout.state().supervisor.pid));
    expect(isRunning(orphan)).toBe(true);
    expect(await checkout.run(['status'])).toMatchObject({
      code: 3,
      output: expect.stringContaining('supervisor was killed') as unknown,
    });
    const again = await checkout.run(['up']);
    expect(again).toMatchObject({
      code: 0,
      output: expect.stringMatching(/left behind: gateway, .*auth-api/) as unknown,
    });
    expect(isRunning(orphan)).toBe(false);
    expect(isRunning(checkout.pidOf('auth-api'))).toBe(true);
  });

  it('a killed supervisor with its own PostgreSQL is healed by down, and the data are whole', async () => {
    checkout = new ScratchCheckout();
    const env = checkout.environment({ DATABASE_URL: undefined });
    expect((await checkout.run(['up'], env)).output).toContain('✓ PostgreSQL');
    const postgres = checkout.pidOf('PostgreSQL');
    expect(await query('CREATE TABLE kept AS SELECT 42 AS answer')).toEqual([]);
    process.kill(checkout.state().supervisor.pid, 'SIGKILL');
    expect((await checkout.run(['down'], env)).output).toMatch(/✓ stopped gateway, .*auth-api.*, PostgreSQL/);
    expect(isRunning(postgres)).toBe(false);
    expect((await checkout.run(['up'], env)).code).toBe(0);
    expect(await query('SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('spares a stranger who has a recorded number', async () => {
    checkout = new ScratchCheckout();
    await checkout.run(['up']);
    const [text, app, other] = [
      readFileSync(checkout.statePath(), 'utf8'),
      checkout.pidOf('auth-api'),
      bystander(),
    ];
    const file = checkout.statePath();
    await checkout.run(['down']);
    writeFileSync(file, text.replaceAll(`"pid": ${app},`, `"pid": ${other.pid},`));
    expect((await checkout.run(['down'])).output).toBe('nothing is running\n');
    expect(isRunning(other.pid ?? 0)).toBe(true);
  });
});
