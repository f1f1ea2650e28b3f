import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Compiled, and started as a program: jest would not resolve our `.js` imports in this file. */
const MAIN = 'dist/apps/local-stack/src/main.js';

/**
 * One PostgreSQL and one Keycloak for all tests of a run, unless GATEHOUSE_TEST_STACK names a living one
 * (`eval "$(node dist/apps/local-stack/src/main.js test-stack)"` starts one that stays). It ends with this process
 * even if that is killed. Tests read it with `testStack()` of ./stack.ts.
 */
export default async function globalSetup(
  _globalConfig: unknown,
  { rootDir }: { readonly rootDir: string },
): Promise<void> {
  const given = process.env['GATEHOUSE_TEST_STACK'];
  if (given && (await isLiving(given))) return;
  buildIfStale(rootDir);
  const file = await start(join(rootDir, MAIN));
  process.env['GATEHOUSE_TEST_STACK'] = file;
  process.env['GATEHOUSE_TEST_STACK_OURS'] = file;
}

async function isLiving(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const { keycloakUrl } = JSON.parse(readFileSync(file, 'utf8')) as { keycloakUrl: string };
  try {
    return (await fetch(`${keycloakUrl}/realms/jan`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false; // stopped since: start another
  }
}

/** So that `npx jest` alone works, also right after a pull. */
function buildIfStale(rootDir: string): void {
  const main = join(rootDir, MAIN);
  const sources = join(rootDir, 'apps/local-stack/src');
  const newest = Math.max(...readdirSync(sources).map((name) => statSync(join(sources, name)).mtimeMs));
  if (existsSync(main) && statSync(main).mtimeMs >= newest) return;
  const tsc = join(rootDir, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(rootDir, 'apps/local-stack/tsconfig.app.json')];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('apps/local-stack does not compile');
}

function start(main: string): Promise<string> {
  const child = spawn(process.execPath, [main, 'test-stack', '--owner', String(process.pid)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      const file = /^export GATEHOUSE_TEST_STACK=(.+)$/m.exec(printed)?.[1];
      if (file) resolve(file);
      else reject(new Error('the test stack did not start: see above'));
    });
  });
}
