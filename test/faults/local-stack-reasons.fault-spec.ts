import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startGateway } from '../contract/kong/gateway.js';
import { DIES, READY, ScratchCheckout } from '../support/scratch-checkout.js';

let checkout: ScratchCheckout;
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
  await checkout.remove();
});

describe('a one-line reason is given for', () => {
  const fails = async (env: Readonly<Record<string, string | undefined>>, app = READY) => {
    checkout = new ScratchCheckout(app);
    const { code, output } = await checkout.run(['up'], checkout.environment(env));
    expect(code).toBe(1);
    return output;
  };
  const listening = async (status = 404): Promise<number> => {
    const server: Server = createServer((_, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };

  it('a taken port', async () => {
    const port = await listening();
    const output = await fails({ AUTH_API_PORT: String(port) });
    expect(output).toMatch(
      new RegExp(`✗ auth-api +port ${port} \\(auth-api\\) is taken by pid ${process.pid} \\(`),
    );
    expect(output).toContain('AUTH_API_PORT=… make up');
  });

  it('a taken port of the gateway, before anything is started', async () => {
    const port = await listening();
    const output = await fails({ GATEWAY_PROXY_PORT: String(port) });
    expect(output).toMatch(new RegExp(`✗ gateway +port ${port} \\(gateway\\) is taken by`));
    expect(output).not.toContain('✓ auth-api');
  });

  it('a given gateway that is not there, or is none', async () => {
    expect(await fails({ KONG_ADMIN_URL: 'http://127.0.0.1:1' })).toMatch(
      /✗ gateway +read-status: Kong at http:\/\/127.0.0.1:1: it does not answer/,
    );
    await checkout.remove();
    expect(await fails({ KONG_ADMIN_URL: `http://127.0.0.1:${await listening()}` })).toMatch(
      /✗ gateway +the gateway refuses our topology: .*404/,
    );
  });

  it('a given gateway without our plugins', async () => {
    const kong = await startGateway();
    cleanUp.push(() => kong.close());
    const output = await fails({ KONG_ADMIN_URL: kong.adminUrl });
    expect(output).toMatch(
      /✗ gateway +the gateway refuses our topology: put-plugins plugin keycloak-\w+: 400/,
    );
    expect(output).toContain('are our plugins installed there?');
  });

  it('a missing Java', async () => {
    expect(await fails({ KEYCLOAK_URL: undefined, PATH: '/nowhere' })).toMatch(
      /✗ Keycloak +Keycloak needs Java, and there is none/,
    );
  });

  it('an old Java', async () => {
    checkout = new ScratchCheckout();
    const PATH = checkout.program('java', 'echo \'openjdk version "11.0.2"\' >&2');
    const { code, output } = await checkout.run(
      ['up'],
      checkout.environment({ KEYCLOAK_URL: undefined, JAVA_HOME: undefined, PATH }),
    );
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('needs Java 17, PATH has 11') as unknown,
    });
  });

  it('a missing Maven, a failed and a broken download, of which nothing is kept', async () => {
    checkout = new ScratchCheckout();
    const PATH = checkout.program('java', 'echo \'openjdk version "21.0.2"\' >&2');
    const bin = PATH.split(':')[0] ?? '';
    const env = checkout.environment({ KEYCLOAK_URL: undefined, PATH: bin });
    expect((await checkout.run(['up'], env)).output).toContain('there is no mvn on PATH');
    checkout.program('mvn', '[ "$1" = --version ] || { echo "[ERROR] no route to the repository"; exit 1; }');
    const failed = await checkout.run(['up'], { ...env, PATH });
    expect(failed.output).toContain('could not be downloaded: no route to the repository');
    checkout.program(
      'mvn',
      'for a; do case "$a" in -DoutputDirectory=*) echo x > "${a#*=}/keycloak-quarkus-dist-26.7.3.tar.gz";; esac; done',
    );
    const broken = await checkout.run(['up'], { ...env, PATH });
    expect(broken.output).toContain('arrived broken twice: only 0 MB');
    expect(readdirSync(join(checkout.folder, 'cache'))).toEqual(['keycloak-download.log']);
  });

  it('a given database that is not there', async () => {
    const output = await fails({ DATABASE_URL: 'postgresql://me:s3cret@127.0.0.1:1/x' });
    expect(output).toMatch(/✗ PostgreSQL +DATABASE_URL: nothing answers at 127.0.0.1:1\n/);
    expect(output).not.toContain('s3cret');
  });

  it('a given Keycloak that is not there, has no realm jan, or another secret', async () => {
    expect(await fails({ KEYCLOAK_URL: 'http://127.0.0.1:1' })).toContain(
      'KEYCLOAK_URL: nothing answers at 127.0.0.1:1',
    );
    await checkout.remove();
    expect(await fails({ KEYCLOAK_URL: `http://127.0.0.1:${await listening()}` })).toContain(
      'KEYCLOAK_URL: no realm jan',
    );
    await checkout.remove();
    expect(await fails({ KEYCLOAK_BACKEND_CLIENT_SECRET: 'wrong' })).toContain(
      'refuses KEYCLOAK_BACKEND_CLIENT_SECRET',
    );
  });

  it('an app that was not built', async () => {
    checkout = new ScratchCheckout();
    rmSync(join(checkout.folder, 'dist/apps/auth-api'), { recursive: true });
    expect((await checkout.run(['up'])).output).toMatch(
      /dist\/apps\/auth-api\/src\/main.js is missing\n +build it first/,
    );
  });

  it('an app that dies while starting, at once and with the end of its log', async () => {
    const began = Date.now();
    const output = await fails({}, DIES);
    expect(output).toMatch(/✗ auth-api +auth-api ended with exit code 7 while starting/);
    expect(output).toMatch(/log: \/.*auth-api\.log\n +\| standin: no such table/);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(existsSync(checkout.statePath())).toBe(false);
  });
});
