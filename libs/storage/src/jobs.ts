import { EventEmitter } from 'node:events';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  Logger as WorkerLogger,
  parseCronItems,
  run,
  type Runner,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import pg from 'pg';
import { Counter } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { registry } from '#telemetry';
import { countingClient } from './counting-client.js';
import { Database } from './database.js';
import { STORAGE_OPTIONS, type StorageOptions } from './options.js';
import { PROCESS_ID } from './process-identity.js';
import { isOutage } from './storage.problems.js';

const POLL_MS = 1000;
const RECOVERY_MS = 5000;
const RESTART_MS = 1000;
/** PostgreSQL answers the runner's questions at once: after this it hangs, or the connection does. */
const SILENCE_MS = 3000;

const runs = new Counter({
  name: 'jobs_total',
  help: 'Jobs run by this process, by task and outcome.',
  labelNames: ['task', 'outcome'] as const,
  registers: [registry],
});

/** Which runner belongs to which process; graphile-worker marks jobs with the runner's id, and knows no processes. */
const REGISTER = `
  INSERT INTO job_runners (runner, process_id) VALUES ($1, $2) ON CONFLICT (runner) DO NOTHING`;

/** Unlocks what runners hold that are gone: of dead processes, or earlier ones of this process. `$1` runs here now. */
const RECOVER = `
  WITH living AS (
    SELECT $1::text AS runner UNION SELECT runner FROM job_runners
    WHERE process_id <> $2 AND process_id IN (
      SELECT application_name FROM pg_stat_activity WHERE datname = current_database()))
  SELECT graphile_worker.force_unlock_workers(ARRAY(
    SELECT DISTINCT locked_by FROM graphile_worker._private_jobs
    WHERE locked_at < now() - interval '5 seconds' AND locked_by NOT IN (SELECT runner FROM living)))`;

/** Runs a job. It may run twice and must not mind; throwing means: again later, with backoff. */
export type JobHandler<P> = (payload: P) => Promise<void>;

/**
 * Work that must happen although the process may die: kept in PostgreSQL with the transaction that wants it
 * (graphile-worker). A job whose process died is taken up again by another within RECOVERY_MS.
 */
@Injectable()
export class Jobs implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly tasks: TaskList = {};
  private readonly schedule: { task: string; match: string; identifier: string }[] = [];
  private readonly pool: pg.Pool;
  private runner: Runner | undefined;
  private recovery: NodeJS.Timeout | undefined;
  private stopped = false;
  /** graphile-worker's own name for what runs here now. */
  private runnerId = '';

  constructor(
    private readonly database: Database,
    @Inject(STORAGE_OPTIONS) private readonly options: StorageOptions,
  ) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: 3,
      application_name: 'gatehouse-jobs',
      connectionTimeoutMillis: 2000,
      query_timeout: SILENCE_MS,
      keepAlive: true,
      Client: countingClient('jobs', options.logger),
    });
    this.pool.on('error', (error) => options.logger.warn({ err: error }, 'idle job connection lost'));
    // graphile-worker asks that somebody listens for errors of connections in use; our client does, this shows it.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Says how a task is done; call it in a constructor. `cron` (five fields, UTC) runs it on a timer, once over all processes. */
  define<P>(task: string, handler: JobHandler<P>, { cron }: { cron?: string } = {}): void {
    this.tasks[task] = async (payload) => {
      try {
        await handler(payload as P);
        runs.inc({ task, outcome: 'done' });
      } catch (error) {
        runs.inc({ task, outcome: 'failed' });
        this.options.logger.warn({ err: error, task }, 'job failed, it will be tried again');
        throw error;
      }
    };
    if (cron !== undefined) this.schedule.push({ task, match: cron, identifier: task });
  }

  /** Adds a job with the transaction's commit; of several waiting jobs with one `key` only the last stays. */
  async add(
    manager: EntityManager,
    task: string,
    payload: object,
    { key, afterSeconds = 0 }: { key: string; afterSeconds?: number },
  ): Promise<void> {
    await manager.query(
      `SELECT graphile_worker.add_job($1, $2::json, job_key := $3, max_attempts := 100,
                                      run_at := now() + make_interval(secs => $4))`,
      [task, JSON.stringify(payload), key, afterSeconds],
    );
  }

  /** Takes back a job that has become needless; one that runs or is gone is left alone. */
  async remove(key: string): Promise<void> {
    await this.database.run({ name: 'remove-job', text: 'SELECT graphile_worker.remove_job($1)' }, [key]);
  }

  onApplicationBootstrap(): void {
    void this.database.whenReady.then(() => this.start());
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    process.off('unhandledRejection', this.onUnhandledRejection);
    clearInterval(this.recovery);
    await this.runner
      ?.stop()
      .catch((error: unknown) => this.options.logger.warn({ err: error }, 'jobs stopping'));
    await this.pool.end();
  }

  private async start(): Promise<void> {
    process.on('unhandledRejection', this.onUnhandledRejection);
    while (!this.stopped) {
      try {
        this.runner = await run({
          pgPool: this.pool,
          taskList: this.tasks,
          parsedCronItems: parseCronItems(this.schedule),
          concurrency: 1,
          events: this.events(),
          pollInterval: POLL_MS,
          noHandleSignals: true,
          logger: this.workerLogger(),
        });
        this.recovery ??= setInterval(() => void this.recover(), RECOVERY_MS).unref();
        await this.pool.query(REGISTER, [this.runnerId, PROCESS_ID]);
        await this.recover();
        await this.runner.promise;
      } catch (error) {
        this.options.logger.warn({ err: error }, 'job runner ended, starting it again');
      }
      if (!this.stopped) await new Promise((resolve) => setTimeout(resolve, RESTART_MS).unref());
    }
  }

  private events(): WorkerEvents {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => (this.runnerId = workerPool.id));
    return events;
  }

  /**
   * When PostgreSQL goes away at the wrong moment, graphile-worker 0.17 rejects a promise that nobody can wait for, and
   * Node would end the process. Only that is forgiven here, by starting the runner anew; everything else still ends it.
   */
  private readonly onUnhandledRejection = (error: unknown): void => {
    if (!isOutage(error)) throw error;
    this.options.logger.warn({ err: error }, 'job runner lost its connection, starting it again');
    this.runner
      ?.stop()
      .catch((cause: unknown) => this.options.logger.debug({ err: cause }, 'job runner stopping'));
  };

  /** graphile-worker leaves the jobs of a killed process, or runner, locked for four hours; we know who is alive. */
  private async recover(): Promise<void> {
    try {
      await this.pool.query(RECOVER, [this.runnerId, PROCESS_ID]);
    } catch (error) {
      this.options.logger.debug({ err: error }, 'recovery of jobs postponed');
    }
  }

  private workerLogger(): WorkerLogger {
    return new WorkerLogger(() => (level, message) => {
      if (String(level) === 'error') this.options.logger.warn({ worker: message }, 'job runner');
      else this.options.logger.debug({ worker: message }, 'job runner');
    });
  }
}
