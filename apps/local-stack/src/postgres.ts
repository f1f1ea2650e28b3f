import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Child, type ChildOptions, runChild, startChild, turnLog, waitUntilReady } from './child.js';
import { databaseAnswers, ensureDatabase } from './database.js';
import type { ProcessIdentity, StopStep } from './process-identity.js';
import { choosePort } from './ports.js';
import {
  ensurePostgresOwner,
  findPostgresBinaries,
  type PostgresOwner,
  requireReachable,
} from './postgres-binaries.js';
import { healDataFolder } from './postgres-pid-file.js';
import { withoutSecrets } from './secrets.js';

export interface PostgresOptions {
  /** Holds data, log and, as root with a private checkout, the binaries. Made when missing. */
  readonly folder: string;
  /** 0 chooses a free one. */
  readonly port: number;
  readonly password: string;
  readonly logFile?: string;
  /** Further settings, `name=value`. */
  readonly settings?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onSpawn?: (identity: ProcessIdentity, logFile: string) => void;
  readonly onNote?: (note: string) => void;
}

/** `fast` ends the clients' sessions and writes everything out; `immediate` is as after a power cut. */
export type StopMode = 'fast' | 'immediate';

export interface RunningPostgres {
  readonly port: number;
  readonly logFile: string;
  /** Of the postmaster; another one after `restart`. */
  pid(): number;
  process(): Child;
  /** Connection string of the superuser, password included: never log it. */
  url(database: string): string;
  /** May be repeated. */
  createDatabase(name: string): Promise<void>;
  stop(mode?: StopMode): Promise<void>;
  /** Comes back with the same port and data. */
  restart(mode?: StopMode): Promise<void>;
}

/** Who owns the data; also the name in the connection strings. */
const SUPERUSER = 'postgres';

export const POSTGRES_STOP: Readonly<Record<StopMode, readonly StopStep[]>> = {
  fast: [
    { signal: 'SIGINT', waitMs: 15_000 },
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 2_000 },
  ],
  immediate: [
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 2_000 },
  ],
};

/**
 * Starts a real PostgreSQL on 127.0.0.1, with its data below `folder`, and waits until it answers a query.
 *
 * @throws {StackFailure} a named reason
 * @throws {Stopped} the signal came first
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const signal = options.signal ?? new AbortController().signal;
  const owner = ensurePostgresOwner();
  mkdirSync(options.folder, { recursive: true });
  const dataFolder = join(requireReachable(prepareHome(options.folder, owner), owner), 'data');
  const logFile = turnLog(options.logFile ?? join(options.folder, 'postgres.log'));
  const binaries = findPostgresBinaries(owner, dirname(options.folder));
  const base = {
    name: 'PostgreSQL',
    logFile,
    owner,
    cwd: dirname(dataFolder),
    onSpawn: options.onSpawn,
    env: environment(),
  };
  if (!existsSync(dataFolder)) {
    options.onNote?.('creating the data folder');
    await initialise(
      { ...base, command: join(binaries, 'bin/initdb'), args: [] },
      dataFolder,
      options.password,
      signal,
    );
  }
  await healDataFolder(dataFolder);
  const port = await choosePort(options.port);
  const url = (database: string) => ownDatabaseUrl(options.password, port, database);
  const command = {
    ...base,
    command: join(binaries, 'bin/postgres'),
    args: flags(dataFolder, port, options.settings ?? []),
  };
  const start = () => startAnswering(command, url('postgres'), signal);
  let child = await start();
  const stop = (mode: StopMode = 'fast') => child.stop(POSTGRES_STOP[mode]);
  return {
    port,
    logFile,
    url,
    stop,
    pid: () => child.identity.pid,
    process: () => child,
    createDatabase: (name) => ensureDatabase(url('postgres'), name),
    async restart(mode) {
      await stop(mode);
      await healDataFolder(dataFolder);
      child = await start();
    },
  };
}

/** Connection string of the superuser of a PostgreSQL that we started. */
export function ownDatabaseUrl(password: string, port: number, database: string): string {
  return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

async function startAnswering(command: ChildOptions, url: string, signal: AbortSignal): Promise<Child> {
  const child = await startChild(command);
  try {
    await waitUntilReady('PostgreSQL', child, () => databaseAnswers(url), { signal, timeoutMs: 60_000 });
    return child;
  } catch (error) {
    await child.stop(POSTGRES_STOP.fast);
    throw error;
  }
}

/** Made beside its place and moved there when complete: an interrupted initdb leaves nothing that looks like data. */
async function initialise(
  command: ChildOptions,
  dataFolder: string,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  const [fresh, passwordFile] = [`${dataFolder}.new`, `${dataFolder}.password`];
  rmSync(fresh, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (command.owner) chownSync(passwordFile, command.owner.uid, command.owner.gid);
  // ICU comes with the binaries: names sort and fold their case alike on every machine, whatever locales it has.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=und'];
  const args = [
    `--pgdata=${fresh}`,
    `--username=${SUPERUSER}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
  ];
  try {
    await runChild({ ...command, args: [...args, ...locale] }, signal);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, dataFolder);
}

/** A folder of PostgreSQL's own, since as root it may not write into ours. */
function prepareHome(folder: string, owner: PostgresOwner): string {
  const home = join(folder, 'postgres');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (owner) chownSync(home, owner.uid, owner.gid);
  return home;
}

function flags(dataFolder: string, port: number, settings: readonly string[]): readonly string[] {
  // No Unix socket: its path would have to be writable by that user, short, and free.
  const fixed = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'log_timezone=UTC',
  ];
  return [
    '-D',
    dataFolder,
    '-p',
    String(port),
    ...[...fixed, ...settings].flatMap((setting) => ['-c', setting]),
  ];
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(withoutSecrets(process.env)).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
