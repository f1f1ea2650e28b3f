import { Injectable } from '@nestjs/common';
import { Database } from '#storage';
import { SyncStateRow } from './sync-state.entity.js';

/** What a comparison of Kong as a whole came to. */
export interface Comparison {
  readonly drift: number;
  readonly blocked: readonly string[];
  readonly held: string | undefined;
}

/** What to do next. */
export interface Due {
  readonly due: boolean;
  readonly force: boolean;
}

/** Whether a comparison is to be made: somebody asked for one, there has been none, or the last is too old. */
const DUE = {
  name: 'kong-sync-due',
  text: `SELECT force, requested_at IS NOT NULL OR reconciled_at IS NULL
                OR reconciled_at < now() - make_interval(secs => $1 / 1000.0) AS due FROM kong_sync`,
};
const COMPARED = {
  name: 'kong-sync-compared',
  text: `UPDATE kong_sync SET reconciled_at = now(), drift = $2, blocked = $3, held = $4, failure = NULL,
           requested_at = CASE WHEN requested_at > $1 THEN requested_at END,
           force = requested_at > $1 AND force, done = NULL, total = NULL`,
};
/** How much was done is not known, so Kong is compared as a whole when it answers again. */
const FAILED = {
  name: 'kong-sync-failed',
  text: `UPDATE kong_sync SET failure = $1, done = NULL, total = NULL, requested_at = coalesce(requested_at, now())
         WHERE failure IS DISTINCT FROM $1 OR done IS NOT NULL`,
};
/** Kept by whoever looks; only what changes is written. */
const JUDGED = {
  name: 'kong-sync-judged',
  text: `UPDATE kong_sync SET in_sync = $1, changed_at = now() WHERE in_sync <> $1`,
};

@Injectable()
export class SyncStateRepository {
  constructor(private readonly database: Database) {}

  async read(): Promise<SyncStateRow> {
    return this.database.rows(SyncStateRow, (rows) => rows.findOneByOrFail({ onlyRow: true }));
  }

  async next(intervalMs: number): Promise<Due> {
    const [row] = await this.database.run<Due>(DUE, [intervalMs]);
    return { due: row?.due === true, force: row?.force === true };
  }

  /** Asks whichever process applies for a comparison, soon. */
  async request(force: boolean): Promise<Date> {
    const [row] = await this.database.run<{ at: Date }>(
      {
        name: 'kong-sync-request',
        text: 'UPDATE kong_sync SET requested_at = clock_timestamp(), force = force OR $1 RETURNING requested_at AS at',
      },
      [force],
    );
    return row?.at ?? new Date();
  }

  /** @param since when it began: what was asked for later is still to be done */
  async compared(since: Date, { drift, blocked, held }: Comparison): Promise<void> {
    await this.database.run(COMPARED, [since, drift, blocked.slice(0, 100), held ?? null]);
  }

  async failed(why: string): Promise<void> {
    await this.database.run(FAILED, [why.slice(0, 1000)]);
  }

  async judge(inSync: boolean): Promise<void> {
    await this.database.run(JUDGED, [inSync]);
  }

  /** @param total undefined where more may come at any time */
  async progress(done: number, total: number | undefined): Promise<void> {
    await this.database.run(
      { name: 'kong-sync-progress', text: 'UPDATE kong_sync SET done = $1, total = $2' },
      [done, total ?? null],
    );
  }
}
