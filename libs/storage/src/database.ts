import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { runMigrations as migrateJobs } from 'graphile-worker';
import type { Pool } from 'pg';
import { DataSource, type EntityManager, type ObjectLiteral, type Repository } from 'typeorm';
import { countingClient } from './counting-client.js';
import { STORAGE_OPTIONS, type StorageOptions } from './options.js';
import { orUnavailable, StorageUnavailable } from './storage.problems.js';
import { keepCallers } from './traced-statement.js';

const MAX_RETRY_DELAY_MS = 1000;
const CONNECT_TIMEOUT_MS = 2000;
const STATEMENT_TIMEOUT_MS = 5000;
/** Migrations of several processes starting at once run one after another under this advisory lock. */
const MIGRATION_LOCK = 4_127_001;

/** Storage's own table: see Jobs. Runners of processes that are long gone are forgotten. */
const JOB_RUNNERS = `
  CREATE TABLE IF NOT EXISTS job_runners (
    runner text PRIMARY KEY, process_id text NOT NULL, started_at timestamptz NOT NULL DEFAULT now());
  DELETE FROM job_runners WHERE started_at < now() - interval '1 day' AND process_id NOT IN (
    SELECT application_name FROM pg_stat_activity WHERE datname = current_database())`;

/** A statement that PostgreSQL parses once per connection and then knows by its name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * The connection to PostgreSQL. It connects, migrates and then is ready; until then, and whenever PostgreSQL is away,
 * everything here throws the problem StorageUnavailable (503). It goes on trying by itself.
 */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  readonly source: DataSource;
  /** Resolves when the schema is there; never rejects. */
  readonly whenReady: Promise<void>;
  private markReady!: () => void;
  private migrated = false;
  private closed = false;

  constructor(@Inject(STORAGE_OPTIONS) private readonly options: StorageOptions) {
    this.whenReady = new Promise((resolve) => (this.markReady = resolve));
    this.source = new DataSource({
      type: 'postgres',
      url: options.url,
      poolSize: options.poolMax,
      entities: [...options.entities],
      migrations: options.migrations,
      migrationsTransactionMode: 'each',
      synchronize: false,
      logging: false,
      applicationName: 'gatehouse-requests',
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      extra: {
        Client: countingClient('requests', options.logger),
        statement_timeout: STATEMENT_TIMEOUT_MS,
        query_timeout: STATEMENT_TIMEOUT_MS + 1000,
        keepAlive: true,
      },
      poolErrorHandler: (error: Error) =>
        options.logger.warn({ err: error }, 'idle database connection lost'),
    });
  }

  onModuleInit(): void {
    void this.open();
  }

  get isReady(): boolean {
    return this.migrated;
  }

  /** One prepared read or write outside a transaction. */
  async run<T>(statement: PreparedStatement, values: readonly unknown[]): Promise<T[]> {
    this.assertReady();
    const { rows } = await orUnavailable(() =>
      this.pool.query<T & object>({ ...statement, values: [...values] }),
    );
    return rows;
  }

  /** Whether PostgreSQL answers right now and our tables are there. */
  async answers(): Promise<boolean> {
    try {
      await this.run({ name: 'answers', text: 'SELECT 1' }, []);
      return true;
    } catch (error) {
      this.options.logger.debug({ err: error }, 'database does not answer');
      return false;
    }
  }

  /** Work that commits as a whole or not at all. */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.assertReady();
    return orUnavailable(() => this.source.transaction(work));
  }

  /** Rows of one entity, outside a transaction. */
  async rows<E extends ObjectLiteral, T>(
    entity: new () => E,
    work: (rows: Repository<E>) => Promise<T>,
  ): Promise<T> {
    this.assertReady();
    return orUnavailable(() => work(this.source.getRepository(entity)));
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    if (this.source.isInitialized) await this.source.destroy();
  }

  private get pool(): Pool {
    return (this.source.driver as unknown as { master: Pool }).master;
  }

  private assertReady(): void {
    if (!this.migrated) throw StorageUnavailable();
  }

  private async open(): Promise<void> {
    for (let delayMs = 100; !this.closed; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
      try {
        if (!this.source.isInitialized) {
          await this.source.initialize();
          keepCallers(this.pool);
        }
        await this.migrate();
        this.migrated = true;
        this.markReady();
        return;
      } catch (error) {
        this.options.logger.warn({ err: error, retry_in_ms: delayMs }, 'database not ready');
        await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
      }
    }
  }

  private async migrate(): Promise<void> {
    const lock = this.source.createQueryRunner();
    try {
      await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
      const applied = await this.source.runMigrations();
      if (applied.length > 0)
        this.options.logger.info({ migrations: applied.map(({ name }) => name) }, 'database migrated');
      // graphile-worker asks that somebody listens for errors of connections in use; our client does, this shows it.
      if (this.pool.listenerCount('connect') === 0)
        this.pool.on('connect', (client) => client.on('error', () => undefined));
      await migrateJobs({ pgPool: this.pool });
      await lock.query(JOB_RUNNERS);
    } finally {
      // A failed migration is tried again; meanwhile nobody else waits for a lock that lies in our pool.
      await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      await lock.release();
    }
  }
}
