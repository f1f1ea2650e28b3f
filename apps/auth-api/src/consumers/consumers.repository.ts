import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import { ConsumerRow } from './consumer.entity.js';
import type { ConsumerOrigin } from './consumer.js';
import type { PageEnd } from './list-cursor.js';

export interface ConsumerPage {
  readonly items: readonly ConsumerRow[];
  /** Undefined: nothing comes after it. */
  readonly end: PageEnd | undefined;
}

/** What should be, and whether Kong has it: for people. Credentials are not in it. */
@Injectable()
export class ConsumersRepository {
  constructor(private readonly database: Database) {}

  /** Also one that should be gone, until it is. */
  async find(id: string): Promise<ConsumerRow | undefined> {
    return (await this.database.rows(ConsumerRow, (rows) => rows.findOneBy({ id }))) ?? undefined;
  }

  /** One that should be there, locked until the transaction ends. */
  async lock(manager: EntityManager, id: string): Promise<ConsumerRow | undefined> {
    const row = await manager.findOne(ConsumerRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    return row === null || row.removedAt !== null ? undefined : row;
  }

  /** What should be there, newest first. */
  async page(
    origin: ConsumerOrigin | undefined,
    after: PageEnd | undefined,
    limit: number,
  ): Promise<ConsumerPage> {
    const { entities, raw } = await this.database.rows(ConsumerRow, (rows) => {
      const query = rows
        .createQueryBuilder('c')
        .addSelect('(extract(epoch FROM c.created_at) * 1000000)::bigint', 'created_at_us')
        .where('c.removed_at IS NULL')
        .orderBy('c.created_at', 'DESC')
        .addOrderBy('c.id', 'DESC')
        .limit(limit + 1);
      if (origin !== undefined) query.andWhere('c.origin = :origin', { origin });
      if (after !== undefined)
        query.andWhere(
          `(c.created_at, c.id) < (timestamptz 'epoch' + :createdAtUs * interval '1 microsecond', :id)`,
          after,
        );
      return query.getRawAndEntities<{ created_at_us: string }>();
    });
    const last = entities[limit - 1];
    const createdAtUs = raw[limit - 1]?.created_at_us;
    const hasMore = entities.length > limit && last !== undefined && createdAtUs !== undefined;
    return { items: entities.slice(0, limit), end: hasMore ? { createdAtUs, id: last.id } : undefined };
  }
}
