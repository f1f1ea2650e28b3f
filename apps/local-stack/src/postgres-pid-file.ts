import { existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, stopProcess } from './process-identity.js';

/**
 * Makes a data folder ready after a kill or a reboot: a PostgreSQL that still runs on it is stopped (it is ours, nobody
 * else starts one there), and a pid file whose number meanwhile belongs to a stranger is removed, since PostgreSQL
 * would believe it.
 */
export async function healDataFolder(dataFolder: string): Promise<void> {
  const file = join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const identity = Number.isInteger(pid) && pid > 0 ? identify(pid) : undefined;
  if (identity && runsOn(identity.pid, dataFolder)) {
    await stopProcess(identity, [
      { signal: 'SIGINT', waitMs: 15_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
    ]);
  }
  rmSync(file, { force: true });
}

/** A postmaster's working directory is its data folder. Without /proc we can not tell and leave it alone. */
function runsOn(pid: number, dataFolder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === dataFolder;
  } catch {
    return false; // another user's, ended meanwhile, or no /proc
  }
}
