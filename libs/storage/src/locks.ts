import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { countingClient } from './counting-client.js';
import { NamedQueue } from './named-queue.js';
import { STORAGE_OPTIONS, type StorageOptions } from './options.js';
import { Busy, orUnavailable, sqlState } from './storage.problems.js';

/** Few on purpose: work under a lock waits for far systems, and must never starve the requests' own pool. */
const LOCK_CONNECTIONS = 8;
/** For `ifFree`, so that what runs on a timer is not late because many wait for locks. */
const TIMER_CONNECTIONS = 4;
const LOCK_NOT_AVAILABLE = '55P03';
/** PostgreSQL answers everything else here at once: after this it hangs. */
const SILENCE_MS = 2000;

/** Advisory locks by name, over every process that shares the database. A process that dies lets go of its locks. */
@Injectable()
export class Locks implements OnApplicationShutdown {
  private readonly pool: pg.Pool;
  private readonly timerPool: pg.Pool;
  private readonly queue = new NamedQueue();

  constructor(@Inject(STORAGE_OPTIONS) options: StorageOptions) {
    this.pool = lockPool(options, LOCK_CONNECTIONS);
    this.timerPool = lockPool(options, TIMER_CONNECTIONS);
  }
  /**
   * Runs `work` while no other holder of `name` runs, in any process.
   *
   * @param what names the thing for the caller of a request that waited in vain
   * @throws {Problem} Busy after `waitMs`; StorageUnavailable when PostgreSQL is away
   */
  async withLock<T>(
    name: string,
    { what, waitMs = 2000 }: { what: string; waitMs?: number },
    work: () => Promise<T>,
  ): Promise<T> {
    return this.queue.run(name, { what, waitMs }, (leftMs) =>
      this.underAdvisoryLock(name, what, leftMs, work),
    );
  }

  private async underAdvisoryLock<T>(
    name: string,
    what: string,
    waitMs: number,
    work: () => Promise<T>,
  ): Promise<T> {
    const deadline = performance.now() + waitMs;
    const client = await this.connect(what, waitMs);
    try {
      await orUnavailable(() => client.query(acquire(name, Math.max(1, deadline - performance.now()))));
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) {
        client.release(error as Error);
        throw error;
      }
      await letGo(client);
      throw Busy({ what }, { cause: error });
    }
    try {
      return await work();
    } finally {
      await letGo(client);
    }
  }

  /**
   * Runs `work` if nobody holds `name`, else does nothing; for work that one process at a time does. The signal says that
   * the connection, and with it the lock, is lost: somebody else may be at work by now.
   *
   * @returns whether it ran
   */
  async ifFree(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const client = await orUnavailable(() => this.timerPool.connect());
    const lost = new AbortController();
    const lose = (error: Error) => lost.abort(error);
    client.on('error', lose);
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS free', [
        lockKey(name),
      ]);
      if (rows[0]?.free !== true) return false;
      await work(lost.signal);
      return true;
    } finally {
      client.off('error', lose);
      await letGo(client);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.pool.end(), this.timerPool.end()]);
  }

  /** @throws {Problem} Busy: all connections are in use for longer than `waitMs`; StorageUnavailable */
  private async connect(what: string, waitMs: number): Promise<pg.PoolClient> {
    const connecting = orUnavailable(() => this.pool.connect());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), waitMs)));
    try {
      const client = await Promise.race([connecting, late]);
      if (client !== undefined) return client;
    } catch (error) {
      if (this.pool.totalCount < LOCK_CONNECTIONS) throw error;
      throw Busy({ what }, { cause: error });
    } finally {
      clearTimeout(timer);
    }
    // A connection that comes late goes back; that it never came changes nothing of the answer.
    void connecting.then((client) => client.release()).catch(() => undefined);
    throw Busy({ what });
  }
}

function lockPool({ url, logger }: StorageOptions, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'gatehouse-locks',
    connectionTimeoutMillis: 2000,
    idleTimeoutMillis: 30_000,
    query_timeout: SILENCE_MS,
    Client: countingClient('locks', logger),
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'idle lock connection lost'));
  return pool;
}

/** One round trip: begins a transaction, whose end is the lock's end, and takes the lock in it. */
function acquire(name: string, waitMs: number): pg.QueryConfig & { query_timeout: number } {
  return {
    text: `BEGIN; SET LOCAL lock_timeout = ${Math.ceil(waitMs)}; SELECT pg_advisory_xact_lock(${lockKey(name)})`,
    query_timeout: waitMs + SILENCE_MS,
  };
}

/** Ends the transaction and with it the lock; where that is not possible, the connection. */
async function letGo(client: pg.PoolClient): Promise<void> {
  let broken: Error | undefined;
  await client.query('ROLLBACK').catch((error: Error) => (broken = error));
  client.release(broken);
}

function lockKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE(0).toString();
}
