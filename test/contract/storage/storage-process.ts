import 'reflect-metadata';
import { jest } from '@jest/globals';
import { pino } from 'pino';
import pg from 'pg';
import type { ChangeFeed, Database, Jobs, Locks } from '#storage';

export type StorageModule = typeof import('#storage');

/** What one process has of libs/storage, with an identity of its own. */
export interface StorageProcess {
  readonly module: StorageModule;
  /** As pg_stat_activity has it in application_name. */
  readonly id: string;
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly locks: Locks;
  /** Made and not started: define tasks, then `jobs.onApplicationBootstrap()`. */
  readonly jobs: Jobs;
  stop(): Promise<void>;
}

/** Where parts connect to instead of the database itself. */
export interface Detours {
  readonly requests?: string;
  readonly feed?: string;
  readonly jobs?: string;
}

/** Loads storage as another process would: anew, so nothing in memory is shared. It takes a second or two. */
async function loadStorage(): Promise<StorageModule> {
  jest.resetModules();
  return import('#storage');
}

/** @param given where two may be of one process */
export async function startStorage(
  url: string,
  detours: Detours = {},
  given?: StorageModule,
): Promise<StorageProcess> {
  const module = given ?? (await loadStorage());
  const logger = pino({ level: 'silent' });
  const options = { url, poolMax: 4, entities: [], migrations: [], logger };
  const database = new module.Database({ ...options, url: detours.requests ?? url });
  const feed = new module.ChangeFeed(database, { ...options, url: detours.feed ?? url });
  const locks = new module.Locks(options);
  const jobs = new module.Jobs(database, { ...options, url: detours.jobs ?? url });
  database.onModuleInit();
  await database.whenReady;
  return {
    module,
    id: module.PROCESS_ID,
    database,
    feed,
    locks,
    jobs,
    async stop() {
      await jobs.onApplicationShutdown();
      await feed.onApplicationShutdown();
      await locks.onApplicationShutdown();
      await database.onApplicationShutdown();
    },
  };
}

/** Ends connections as an administrator does, and returns how many there were. */
export async function endConnections(observer: pg.Pool, applicationName: string): Promise<number> {
  const { rowCount } = await observer.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1`,
    [applicationName],
  );
  return rowCount ?? 0;
}

/** A moment that a test decides about. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}
