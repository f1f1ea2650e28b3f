import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StackEvent } from './events.js';
import type { Terminal } from './terminal.js';

export type Outcome =
  | { readonly kind: 'up' }
  /** It ended: 0 after Ctrl-C, 1 after a failure it has reported. */
  | { readonly kind: 'ended'; readonly code: number; readonly interrupted: boolean }
  | { readonly kind: 'busy'; readonly pid: number };

export interface LaunchOptions {
  readonly folder: string;
  /** The internal command, with its flags. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  /** Stay until it ends instead of leaving it in the background once it is up. */
  readonly foreground: boolean;
  /** Called once everything is up. */
  readonly onUp: () => void;
}

/**
 * Starts a supervisor in a session of its own and shows what it tells. Until it is up (in the foreground: until it ends)
 * it lives and dies with this process: Ctrl-C here stops it, and so does a kill -9, which it sees as a closed channel.
 */
export async function launch(options: LaunchOptions): Promise<Outcome> {
  const supervisor = spawnSupervisor(options);
  let outcome: Outcome | undefined;
  let interrupted = false;
  let isExplained = false;
  let isReleased = false;
  const interrupt = () => {
    if (!interrupted) options.terminal.line('stopping what was started …');
    interrupted = true;
    supervisor.kill('SIGTERM');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  supervisor.on('message', (message) => {
    const event = message as StackEvent;
    options.terminal.show(event);
    isExplained ||= event.kind === 'failed' || event.kind === 'busy';
    if (event.kind === 'busy') outcome = { kind: 'busy', pid: event.pid };
    if (event.kind === 'up') options.onUp();
    if (event.kind === 'up' && !options.foreground && !interrupted) {
      isReleased = true;
      release(supervisor);
    }
  });
  const ended = await new Promise<number | 'released'>((resolve) => {
    supervisor.once('exit', (code) => resolve(code ?? 1));
    // One that ends closes the channel as well, some time before its exit is known.
    supervisor.once('disconnect', () => isReleased && resolve('released'));
  });
  for (const signal of signals) process.off(signal, interrupt);
  if (ended === 'released') return { kind: 'up' };
  if (ended !== 0 && !isExplained && !interrupted) {
    options.terminal.line(
      `✗ the supervisor ended unexpectedly, see ${join(options.folder, 'supervisor.log')}`,
    );
    options.terminal.line('  make up again clears up what it left and starts afresh');
  }
  return outcome ?? { kind: 'ended', code: ended, interrupted };
}

function spawnSupervisor({ folder, args }: LaunchOptions): ChildProcess {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'supervisor.log'), 'a', 0o600);
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  const stdio: ('ignore' | 'ipc' | number)[] = ['ignore', log, log, 'ipc'];
  const supervisor = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
    detached: true,
    stdio,
    cwd: '/',
  });
  closeSync(log);
  return supervisor;
}

/** Tells it that it may outlive us, then lets go of it. */
function release(supervisor: ChildProcess): void {
  supervisor.send('stay', () => {
    supervisor.disconnect();
    supervisor.unref();
  });
}
