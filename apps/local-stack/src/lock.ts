import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, Stopped } from './failure.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

/**
 * Takes a lock file for this process, or says who has it. The lock of a process that is gone is taken over: the file is
 * moved aside first (only one of several can do that) and put back should it turn out to be a newer, living one.
 *
 * @returns undefined when it is ours now, else its holder
 */
export function tryLock(path: string): ProcessIdentity | undefined {
  const mine = `${path}.${randomUUID()}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      if (link(mine, path)) return undefined;
      const holder = readHolder(path);
      if (holder && isAlive(holder)) return holder;
      moveAside(path);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Gives up a lock that `tryLock` gave us. */
export function unlock(path: string): void {
  rmSync(path, { force: true });
}

/**
 * Runs `work` while holding the lock, waiting for it as long as it takes.
 *
 * @throws {Stopped} the signal came while waiting
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (pid: number) => void },
): Promise<T> {
  for (let holder = tryLock(path); holder; holder = tryLock(path)) {
    if (signal.aborted) throw new Stopped();
    onWait(holder.pid);
    await sleep(300);
  }
  try {
    return await work();
  } finally {
    unlock(path);
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function moveAside(path: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return; // given up or taken over meanwhile
    throw error;
  }
  const holder = readHolder(aside);
  if (holder && isAlive(holder)) link(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
