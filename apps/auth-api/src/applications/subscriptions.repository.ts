import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import { SubscriptionRow } from './subscription.entity.js';

@Injectable()
export class SubscriptionsRepository {
  constructor(private readonly database: Database) {}

  /** @returns false when the application has one to this API */
  async insert(manager: EntityManager, row: SubscriptionRow): Promise<boolean> {
    const inserted = await manager.query<unknown[]>(
      `INSERT INTO subscriptions (id, application_id, consumer_id, api, auth, plan, status, created_at, decided_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (application_id, api) DO NOTHING RETURNING id`,
      [
        row.id,
        row.applicationId,
        row.consumerId,
        row.api,
        row.auth,
        row.plan,
        row.status,
        row.createdAt,
        row.decidedAt,
      ],
    );
    return inserted.length === 1;
  }

  /** By API; the application is the caller's to check. */
  async of(applicationId: string, manager?: EntityManager): Promise<SubscriptionRow[]> {
    const query = { where: { applicationId }, order: { api: 'ASC' } } as const;
    return manager === undefined
      ? this.database.rows(SubscriptionRow, (rows) => rows.find(query))
      : manager.find(SubscriptionRow, query);
  }

  async ofAll(applicationIds: readonly string[]): Promise<SubscriptionRow[]> {
    return this.database.rows(SubscriptionRow, (rows) =>
      rows.createQueryBuilder('s').where('s.application_id = ANY(:ids)', { ids: applicationIds }).getMany(),
    );
  }

  async find(
    applicationId: string,
    id: string,
    manager?: EntityManager,
  ): Promise<SubscriptionRow | undefined> {
    const row =
      manager === undefined
        ? await this.database.rows(SubscriptionRow, (rows) => rows.findOneBy({ id, applicationId }))
        : await manager.findOneBy(SubscriptionRow, { id, applicationId });
    return row ?? undefined;
  }

  async update(manager: EntityManager, id: string, set: Partial<SubscriptionRow>): Promise<void> {
    await manager.update(SubscriptionRow, { id }, set);
  }

  async delete(manager: EntityManager, ids: readonly string[]): Promise<void> {
    await manager.query('DELETE FROM subscriptions WHERE id = ANY($1::uuid[])', [ids]);
  }
}
