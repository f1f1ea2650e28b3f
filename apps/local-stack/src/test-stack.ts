import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StackFailure } from './failure.js';
import { stopLeftovers } from './heal.js';
import { launch } from './launch.js';
import { isAlive, stopProcess } from './process-identity.js';
import { readState } from './state.js';
import { Terminal } from './terminal.js';
import { TEST_STACK_FILE } from './test-stack-file.js';

/**
 * Starts PostgreSQL and Keycloak for tests in the background and prints one line for the shell:
 * `eval "$(node dist/apps/local-stack/src/main.js test-stack)"`.
 *
 * @param owner pid of a process that the stack shall end with
 * @returns the exit code
 */
export async function startTestStack(owner: number | undefined): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  const terminal = new Terminal(process.stderr);
  const args = [
    'supervise-test',
    '--folder',
    folder,
    ...(owner === undefined ? [] : ['--owner', String(owner)]),
  ];
  const onUp = () => console.log(`export GATEHOUSE_TEST_STACK=${join(folder, TEST_STACK_FILE)}`);
  const outcome = await launch({ folder, args, terminal, foreground: false, onUp });
  terminal.close();
  if (outcome.kind === 'up') return 0;
  rmSync(folder, { recursive: true, force: true });
  return outcome.kind === 'ended' && outcome.interrupted ? 130 : 1;
}

/**
 * Stops the test stack of a description file and removes its folder.
 *
 * @returns the exit code, 0 also when it is gone already
 * @throws {StackFailure} the file describes no test stack: nothing is removed
 */
export async function stopTestStack(file: string): Promise<number> {
  const folder = dirname(file);
  if (!existsSync(file)) return 0;
  if (!file.endsWith(`/${TEST_STACK_FILE}`) || !readFileSync(file, 'utf8').includes('"keycloakPid"')) {
    throw new StackFailure({
      reason: `${file} describes no test stack`,
      advice: 'give the path that test-stack printed',
    });
  }
  const state = readState(folder);
  if (state && isAlive(state.supervisor))
    await stopProcess(state.supervisor, [{ signal: 'SIGTERM', waitMs: 60_000 }]);
  await stopLeftovers(folder);
  rmSync(folder, { recursive: true, force: true });
  return 0;
}
