import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { APPS } from '../../apps/local-stack/src/apps.js';
import { appSetting } from '../../apps/local-stack/src/plan.js';
import { testStack } from './stack.js';

/** What a stand-in for an app does. */
export const READY = `import { createServer } from 'node:http';
createServer((_, answer) => answer.end('{}')).listen(Number(process.env.PORT), '127.0.0.1');`;
export const NEVER_READY = 'setInterval(() => {}, 1000);';
export const DIES = "console.error('standin: no such table'); process.exit(7);";

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** A checkout with nothing but the compiled local-stack, the gateway and stand-ins for the apps, and a state folder of its own. */
export class ScratchCheckout {
  readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-checkout-'));
  readonly home = join(this.folder, 'state');
  readonly empty = join(this.folder, 'empty');
  private readonly running: ChildProcess[] = [];

  constructor(app: string = READY) {
    const root = resolve(import.meta.dirname, '../..');
    chmodSync(this.folder, 0o755); // user postgres must get in
    for (const path of [this.home, this.empty, join(this.folder, 'bin')]) mkdirSync(path);
    for (const name of ['package.json', 'keycloak'])
      cpSync(join(root, name), join(this.folder, name), { recursive: true });
    cpSync(join(root, 'dist/apps/local-stack'), join(this.folder, 'dist/apps/local-stack'), {
      recursive: true,
    });
    for (const name of ['node_modules', 'kong', 'dist/kong', 'dist/libs', 'dist/apps/local-gateway'])
      symlinkSync(join(root, name), join(this.folder, name));
    for (const { name } of APPS) this.app(READY, name);
    this.app(app);
  }

  /** Replaces the stand-in for an app. */
  app(source: string, name = 'auth-api'): void {
    mkdirSync(join(this.folder, `dist/apps/${name}/src`), { recursive: true });
    writeFileSync(join(this.folder, `dist/apps/${name}/src/main.js`), source);
  }

  /** A program of that name, alone on the path returned. */
  program(name: string, script: string): string {
    writeFileSync(join(this.folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${join(this.folder, 'bin')}:/usr/bin:/bin`;
  }

  /** The slow parts given by the test stack; `overrides` with undefined take a setting away. */
  environment(overrides: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
    const stack = testStack();
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      GATEHOUSE_HOME: this.home,
      GATEHOUSE_CACHE: join(this.folder, 'cache'),
      DATABASE_URL: stack.postgresAdminUrl,
      KEYCLOAK_URL: stack.keycloakUrl,
      KEYCLOAK_BACKEND_CLIENT_SECRET: stack.backendClientSecret,
      ...Object.fromEntries(
        APPS.flatMap(({ name }) => [
          [appSetting(name, 'PORT'), '0'],
          [appSetting(name, 'INTERNAL_PORT'), '0'],
        ]),
      ),
      POSTGRES_PORT: '0',
      KEYCLOAK_PORT: '0',
      GATEWAY_PROXY_PORT: '0',
      GATEWAY_ADMIN_PORT: '0',
      ...overrides,
    };
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = this.environment()): ChildProcess {
    const main = join(this.folder, 'dist/apps/local-stack/src/main.js');
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.running.push(child);
    return child;
  }

  async run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> {
    return finished(this.start(args, env));
  }

  /** What the supervisor has recorded so far. */
  state(): {
    supervisor: { pid: number };
    parts: { name: string; state: string; address?: string; process?: { pid: number } }[];
  } {
    return JSON.parse(readFileSync(this.statePath(), 'utf8')) as ReturnType<ScratchCheckout['state']>;
  }

  statePath(): string {
    return join(
      this.home,
      readdirSync(this.home).find((name) => name.startsWith('gatehouse-checkout-')) ?? '',
      'state.json',
    );
  }

  pidOf(part: string): number {
    return this.state().parts.find(({ name }) => name === part)?.process?.pid ?? NaN;
  }

  addressOf(part: string): string {
    return this.state().parts.find(({ name }) => name === part)?.address ?? '';
  }

  async remove(): Promise<void> {
    await this.run(['down']);
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything a process prints, and its end. */
export async function finished(child: ChildProcess): Promise<Finished> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Until the condition holds; a condition that throws does not hold yet. */
export async function eventually(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const holds = () => {
    try {
      return condition();
    } catch {
      return false; // not there yet
    }
  };
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never came true: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // no such process
  }
}
