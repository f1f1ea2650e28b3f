import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import { ApplicationRow } from './application.entity.js';
import type { Asker } from './asker.js';
import type { SubscriptionStatus } from './subscription.js';

export interface ApplicationQuery {
  readonly cursor: string | undefined;
  readonly limit: number;
  /** Only those with a subscription in this state. */
  readonly subscriptionStatus: SubscriptionStatus | undefined;
}

/** Whoever changes an application, or something of it, locks its row first: one at a time, and nothing is left behind. */
@Injectable()
export class ApplicationsRepository {
  constructor(private readonly database: Database) {}

  /** Locks a person's row until the transaction ends, so that what he has is counted one at a time; false if he is gone. */
  async lockOwner(manager: EntityManager, userId: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      'SELECT 1 FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE',
      [userId],
    );
    return rows.length === 1;
  }

  async countOf(manager: EntityManager, owner: string): Promise<number> {
    return manager.countBy(ApplicationRow, { owner });
  }

  /** @returns false when the id is taken */
  async insert(manager: EntityManager, row: ApplicationRow): Promise<boolean> {
    const inserted = await manager.query<unknown[]>(
      `INSERT INTO applications (id, owner, name, redirect_uri, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [row.id, row.owner, row.name, row.redirectUri, row.createdAt],
    );
    return inserted.length === 1;
  }

  /** One that the asker may know of: his own, and any for an administrator. */
  async find(id: string, asker: Asker): Promise<ApplicationRow | undefined> {
    const row = await this.database.rows(ApplicationRow, (rows) => rows.findOneBy(visible(id, asker)));
    return row ?? undefined;
  }

  /** As `find`, and nobody else changes it or anything of it until the transaction ends. Without an asker: ourselves. */
  async lock(manager: EntityManager, id: string, asker?: Asker): Promise<ApplicationRow | undefined> {
    const row = await manager.findOne(ApplicationRow, {
      where: visible(id, asker),
      lock: { mode: 'pessimistic_write' },
    });
    return row ?? undefined;
  }

  /** Nobody changes it until the transaction ends, though others may hold on to it as well. @returns whether it exists */
  async hold(manager: EntityManager, id: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>('SELECT 1 FROM applications WHERE id = $1 FOR SHARE', [id]);
    return rows.length === 1;
  }

  async update(manager: EntityManager, id: string, set: Partial<ApplicationRow>): Promise<void> {
    await manager.update(ApplicationRow, { id }, set);
  }

  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(ApplicationRow, { id });
  }

  /** By id, one more than the limit when there are more. */
  async page(
    asker: Asker,
    { cursor, limit, subscriptionStatus: status }: ApplicationQuery,
  ): Promise<ApplicationRow[]> {
    return this.database.rows(ApplicationRow, (rows) => {
      const query = rows.createQueryBuilder('a').orderBy('a.id', 'ASC');
      if (!asker.isAdmin) query.andWhere('a.owner = :owner', { owner: asker.id });
      if (cursor !== undefined) query.andWhere('a.id > :cursor', { cursor });
      if (status !== undefined)
        query.andWhere(
          'EXISTS (SELECT 1 FROM subscriptions s WHERE s.application_id = a.id AND s.status = :status)',
          { status },
        );
      return query.take(limit + 1).getMany();
    });
  }

  /** Applications of people who were deleted: of this one, or of anybody. */
  async ownerless(userId: string | undefined): Promise<string[]> {
    const rows = await this.database.run<{ id: string }>(
      {
        name: 'applications-ownerless',
        text: `SELECT a.id FROM applications a JOIN users u ON u.id = a.owner
               WHERE u.deleted_at IS NOT NULL AND ($1::uuid IS NULL OR u.id = $1) ORDER BY a.id`,
      },
      [userId ?? null],
    );
    return rows.map(({ id }) => id);
  }
}

function visible(id: string, asker: Asker | undefined): { id: string; owner?: string } {
  return asker === undefined || asker.isAdmin ? { id } : { id, owner: asker.id };
}
