import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, Jobs, PROCESS_ID, StorageUnavailable } from '#storage';
import { GuestRow } from './guest.entity.js';
import { type GuestState, statesBefore } from './guest.js';

const BEGIN = `
  INSERT INTO guests (username, state, worker, client_network, created_at, state_changed_at)
  SELECT $1, 'creating', $2, $3, now(), now()
  WHERE (SELECT count(*) FROM guests WHERE client_network = $3 AND created_at > now() - interval '1 day') < $4
  RETURNING username`;

/** The job that settles steps left behind; GuestUpkeep says what it does. */
export const SETTLE_TASK = 'guests.settle';
const SETTLE_AFTER_SECONDS = 11;

/**
 * Steps under way that take far longer than the deadline of a request allows; where the process seems to be gone, as soon
 * as that deadline has passed. Nobody is at work on what was looked at once and found as it was before the step.
 */
const LEFT_BEHIND = `
  SELECT username, user_id AS "userId", state, worker IS NULL AS "lookedAt" FROM guests
  WHERE state IN ('creating', 'upgrading') AND (
    state_changed_at < now() - interval '10 seconds' OR
    state_changed_at < now() - interval '3 seconds' AND
      worker NOT IN (SELECT application_name FROM pg_stat_activity WHERE datname = current_database()))
  ORDER BY state_changed_at LIMIT 200`;

const OVERDUE = `
  SELECT username, user_id AS "userId", state FROM guests
  WHERE state = 'active' AND session_ends_at < now() - make_interval(days => $1)
  ORDER BY session_ends_at LIMIT 200`;

export type GuestRef = Pick<GuestRow, 'username' | 'userId' | 'state'>;

export type LeftBehind = GuestRef & { readonly lookedAt: boolean };

/** Rows of guests. States move only as `guest.ts` allows: every update names the states that it may find. */
@Injectable()
export class GuestsRepository {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
  ) {}

  /** Begins a creation; false when this network has made `dailyLimit` guests within a day. */
  async begin(username: string, clientNetwork: string, dailyLimit: number): Promise<boolean> {
    const rows = await this.database.run({ name: 'guest-begin', text: BEGIN }, [
      username,
      PROCESS_ID,
      clientNetwork,
      dailyLimit,
    ]);
    return rows.length === 1;
  }

  async findByUser(userId: string): Promise<GuestRow | undefined> {
    return (await this.database.rows(GuestRow, (rows) => rows.findOneBy({ userId }))) ?? undefined;
  }

  /** Takes in a guest that was made elsewhere, so that he can be upgraded like ours. */
  async adopt(userId: string, username: string): Promise<GuestRow> {
    await this.database.run(
      {
        name: 'guest-adopt',
        text: `INSERT INTO guests (username, user_id, state, created_at, state_changed_at)
               VALUES ($2, $1, 'active', now(), now()) ON CONFLICT DO NOTHING`,
      },
      [userId, username],
    );
    const row = await this.findByUser(userId);
    if (row === undefined)
      throw new Error(`guest ${userId} could not be adopted: his username is another guest's`);
    return row;
  }

  /** Moves a guest; false when he was not in a state that leads there. */
  async move(
    manager: EntityManager,
    username: string,
    to: GuestState,
    set: { userId?: string; sessionEndsAt?: Date } = {},
  ): Promise<boolean> {
    const moved = await manager
      .createQueryBuilder()
      .update(GuestRow)
      .set({ ...set, state: to, stateChangedAt: new Date(), worker: to === 'upgrading' ? PROCESS_ID : null })
      .where('username = :username AND state IN (:...before)', { username, before: statesBefore(to) })
      .execute();
    return moved.affected === 1;
  }

  /** As `move`, in a transaction of its own. */
  async moveNow(username: string, to: GuestState): Promise<boolean> {
    return this.database.transaction((manager) => this.move(manager, username, to));
  }

  /**
   * After a step that failed half way: it is settled as soon as it counts as left behind, not at the next minute; at the
   * next minute after all when the database is away.
   */
  async settleSoon(): Promise<void> {
    const job = { key: `${SETTLE_TASK}.soon`, afterSeconds: SETTLE_AFTER_SECONDS };
    try {
      await this.database.transaction((manager) => this.jobs.add(manager, SETTLE_TASK, {}, job));
    } catch (error) {
      if (!StorageUnavailable.is(error)) throw error;
    }
  }

  async leftBehind(): Promise<LeftBehind[]> {
    return this.database.run<LeftBehind>({ name: 'guests-left-behind', text: LEFT_BEHIND }, []);
  }

  /**
   * Nothing of the step was found in Keycloak. It may come yet: a request that we gave up is carried out by a Keycloak
   * that hung. So the step counts as left behind once more, later.
   */
  async lookAgain(username: string): Promise<void> {
    await this.database.run(
      {
        name: 'guests-look-again',
        text: `UPDATE guests SET worker = NULL, state_changed_at = now()
               WHERE username = $1 AND state IN ('creating', 'upgrading')`,
      },
      [username],
    );
    await this.settleSoon();
  }

  async overdue(days: number): Promise<GuestRef[]> {
    return this.database.run<GuestRef>({ name: 'guests-overdue', text: OVERDUE }, [days]);
  }

  /** Forgets addresses after a day, and rows of creations that came to nothing after a week. */
  async forgetOld(): Promise<void> {
    await this.database.run(
      {
        name: 'guests-forget-networks',
        text: `UPDATE guests SET client_network = NULL
               WHERE client_network IS NOT NULL AND created_at < now() - interval '1 day'`,
      },
      [],
    );
    await this.database.run(
      {
        name: 'guests-forget-abandoned',
        text: `DELETE FROM guests WHERE state = 'abandoned' AND state_changed_at < now() - interval '7 days'`,
      },
      [],
    );
  }
}
