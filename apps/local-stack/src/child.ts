import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, StackFailure, Stopped } from './failure.js';
import { identify, type ProcessIdentity, stopProcess, type StopStep } from './process-identity.js';

export interface ChildOptions {
  /** For messages: `Keycloak`, `mvn`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly cwd?: string;
  /** Run as another user (PostgreSQL refuses root). */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Called in the same turn as the spawn, so that a killed supervisor leaves a record of what it started. */
  readonly onSpawn?: (identity: ProcessIdentity, logFile: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process we started: leader of its own group and session, so that the terminal's Ctrl-C reaches only us. */
export interface Child {
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  exit(): Exit | undefined;
  stop(steps?: readonly StopStep[]): Promise<void>;
}

const GENTLE_THEN_HARD: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/**
 * Starts a process whose output goes to a file.
 *
 * @throws {StackFailure} there is no such program, or it may not be run
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(options.command, options.args, {
    cwd: options.cwd ?? '/',
    env: options.env,
    stdio: ['ignore', log, log],
    detached: true,
    ...options.owner,
  });
  closeSync(log);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve((exit = { code, signal })));
  });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  if (child.pid === undefined) throw cannotRun(options, await failed);
  // A program may have ended before we could look at it.
  const identity = identify(child.pid) ?? { pid: child.pid, began: 'ended at once' };
  options.onSpawn?.(identity, options.logFile);
  return {
    identity,
    logFile: options.logFile,
    exited,
    exit: () => exit,
    async stop(steps = GENTLE_THEN_HARD) {
      if (!exit && !(await stopProcess(identity, steps))) throw new Error(`${options.name} does not stop`);
      await exited;
    },
  };
}

/**
 * Runs a program to its end.
 *
 * @throws {Stopped} the signal came first; the program is gone then
 * @throws {StackFailure} it ended with another code than 0
 */
export async function runChild(options: ChildOptions, signal: AbortSignal): Promise<void> {
  const child = await startChild(options);
  const stop = () =>
    void child.stop([
      { signal: 'SIGTERM', waitMs: 3_000 },
      { signal: 'SIGKILL', waitMs: 3_000 },
    ]);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const { code, signal: killedBy } = await child.exited;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new Stopped();
  if (code !== 0) throw endedEarly(options.name, { code, signal: killedBy }, options.logFile);
}

/**
 * Asks until the answer is yes. A part that dies is reported at once, not when the time is over.
 *
 * @throws {StackFailure} the process ended, or `timeoutMs` passed
 * @throws {Stopped} the signal came first
 */
export async function waitUntilReady(
  name: string,
  child: Child,
  isReady: () => Promise<boolean>,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (signal.aborted) throw new Stopped();
    const exit = child.exit();
    if (exit) throw endedEarly(name, exit, child.logFile);
    if (await isReady()) return;
    if (Date.now() > deadline) {
      const reason = `${name} is not ready after ${Math.round(timeoutMs / 1000)} s`;
      throw new StackFailure({ reason, advice: 'see the last lines of its log', logFile: child.logFile });
    }
    await Promise.race([sleep(100), child.exited]);
  }
}

/** Keeps the log of the run before as `.1`, so that a log file tells of one run. */
export function turnLog(logFile: string): string {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
  return logFile;
}

function endedEarly(name: string, exit: Exit, logFile: string): StackFailure {
  const how = exit.signal ? `by ${exit.signal}` : `with exit code ${exit.code}`;
  const tail = lastLines(logFile, 40).join('\n');
  const advice = /no space left on device/i.test(tail)
    ? 'the disk is full: free about 1 GB and try again'
    : 'see the last lines of its log';
  return new StackFailure({ reason: `${name} ended ${how} while starting`, advice, logFile });
}

function cannotRun(options: ChildOptions, cause: Error): StackFailure {
  const reason = `${options.command} cannot be run (${cause.message})`;
  return new StackFailure({ reason, advice: `install it, or look at ${options.logFile}` }, cause);
}
