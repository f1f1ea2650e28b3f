import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService, type Origin } from '../audit/index.js';
import { type ConsumerRow, toConsumer } from './consumer.entity.js';
import type { ConsumerOrigin } from './consumer.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { ConsumerNotFound, NotAClient } from './consumers.problems.js';
import { ConsumersRepository } from './consumers.repository.js';
import { DesiredConsumers } from './desired-consumers.service.js';
import { decodeCursor, encodeCursor } from './list-cursor.js';
import { newClientKey } from './registration.js';
import type { RegisteredClient } from './registrations.service.js';

/** Which administrator asks, and from where. */
export interface Asker {
  readonly userId: string;
  readonly origin: Origin;
}

export interface ConsumerList {
  readonly items: readonly ConsumerRow[];
  readonly nextCursor: string | undefined;
}

/** What administrators see of all consumers, and do to registered clients. */
@Injectable()
export class ConsumersService {
  constructor(
    private readonly consumers: ConsumersRepository,
    private readonly desired: DesiredConsumers,
    private readonly audit: AuditService,
    @Inject(CONSUMERS_OPTIONS) private readonly options: ConsumersOptions,
  ) {}

  /** Newest first; `cursor` is the `nextCursor` of the page before. @throws {Problem} ValidationFailed: it is not */
  async list({
    origin,
    cursor,
    limit,
  }: {
    origin?: ConsumerOrigin;
    cursor?: string;
    limit: number;
  }): Promise<ConsumerList> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const { items, end } = await this.consumers.page(origin, after, limit);
    return { items, nextCursor: end && encodeCursor(end) };
  }

  /** @throws {Problem} ConsumerNotFound */
  async get(id: string): Promise<ConsumerRow> {
    const row = await this.consumers.find(id);
    if (row === undefined || row.removedAt !== null) throw ConsumerNotFound();
    return row;
  }

  /**
   * Ends a registered client, and waits a moment until Kong has forgotten it.
   *
   * @returns whether it has; true where there is no Kong
   * @throws {Problem} ConsumerNotFound, NotAClient
   */
  async delete({ userId, origin }: Asker, id: string): Promise<boolean> {
    await this.desired.transaction(async (manager) => {
      const { username } = await this.lockClient(manager, id);
      await this.desired.remove(manager, [id]);
      await this.audit.record(manager, {
        actor: userId,
        action: 'consumer.deleted',
        target: `consumer:${id}`,
        origin,
        details: { username },
      });
    });
    return this.desired.whenGone(id, this.options.waitForKongMs);
  }

  /** A new key for a registered client, whose old one ends. @throws {Problem} ConsumerNotFound, NotAClient */
  async replaceKey({ userId, origin }: Asker, id: string): Promise<RegisteredClient> {
    const credential = newClientKey(this.options.realm);
    const { username } = await this.desired.transaction(async (manager) => {
      const row = await this.lockClient(manager, id);
      await this.desired.put(manager, toConsumer(row, [credential]));
      await this.audit.record(manager, {
        actor: userId,
        action: 'consumer.key-replaced',
        target: `consumer:${id}`,
        origin,
        details: { username: row.username },
      });
      return row;
    });
    const active = await this.desired.whenApplied(id, this.options.waitForKongMs);
    return { id, username, key: credential.key, active };
  }

  private async lockClient(manager: EntityManager, id: string): Promise<ConsumerRow> {
    const row = await this.consumers.lock(manager, id);
    if (row === undefined) throw ConsumerNotFound();
    if (row.origin !== 'registration') throw NotAClient({ origin: row.origin });
    return row;
  }
}
