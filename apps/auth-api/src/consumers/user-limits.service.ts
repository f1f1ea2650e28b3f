import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/index.js';
import { PresentUsers } from '../users/index.js';
import { NotFound } from '#problem';
import { type ConsumerRow, toConsumer } from './consumer.entity.js';
import type { RateLimits } from './consumer.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { ConsumersRepository } from './consumers.repository.js';
import type { Asker } from './consumers.service.js';
import { DesiredConsumers } from './desired-consumers.service.js';
import { ownConsumer, ownConsumerId } from './user-limits.js';
import { UserLimitsRepository } from './user-limits.repository.js';

/** One person's own limits: a consumer of his own, in the place of his tier. */
@Injectable()
export class UserLimitsService {
  constructor(
    private readonly limits: UserLimitsRepository,
    private readonly consumers: ConsumersRepository,
    private readonly desired: DesiredConsumers,
    private readonly users: PresentUsers,
    private readonly audit: AuditService,
    @Inject(CONSUMERS_OPTIONS) private readonly options: ConsumersOptions,
  ) {}

  /**
   * The person's consumer, also while it should be gone and is not yet; undefined when he has none.
   *
   * @throws {Problem} NotFound: no such person; KeycloakUnavailable
   */
  async find(userId: string): Promise<ConsumerRow | undefined> {
    await this.assertPerson(userId);
    return this.consumers.find(ownConsumerId(this.options.realm, userId));
  }

  /** @throws {Problem} NotFound: no such person; KeycloakUnavailable */
  async set(administrator: Asker, userId: string, limits: RateLimits): Promise<void> {
    await this.assertPerson(userId);
    await this.desired.transaction(async (manager) => {
      const person = await this.limits.lockPerson(manager, userId);
      if (person === undefined) throw NotFound();
      await this.desired.put(manager, ownConsumer(this.options.realm, person, limits));
      await this.record(manager, administrator, userId, 'user.limits-set', {
        per_minute: limits.minute,
        per_hour: limits.hour,
      });
    });
    await this.desired.whenApplied(ownConsumerId(this.options.realm, userId), this.options.waitForKongMs);
  }

  /**
   * Back to the limits of his tier; repeatable.
   *
   * @returns whether Kong has forgotten his own; true where there is no Kong
   * @throws {Problem} NotFound: no such person; KeycloakUnavailable
   */
  async remove(administrator: Asker, userId: string): Promise<boolean> {
    await this.assertPerson(userId);
    await this.desired.transaction((manager) => this.end(manager, administrator, userId));
    const id = ownConsumerId(this.options.realm, userId);
    return this.desired.whenGone(id, this.options.waitForKongMs);
  }

  /** Makes the consumer what the person is by now: gone with him, or no longer that of a guest. Safe to repeat. */
  async follow(userId: string): Promise<void> {
    await this.desired.transaction(async (manager) => {
      const person = await this.limits.lockPerson(manager, userId);
      if (person === undefined) return this.end(manager, undefined, userId);
      const row = await this.consumers.lock(manager, ownConsumerId(this.options.realm, userId));
      if (row === undefined) return;
      const { tags } = ownConsumer(this.options.realm, person, {});
      await this.desired.put(manager, { ...toConsumer(row, []), tags });
    });
  }

  private async end(manager: EntityManager, asker: Asker | undefined, userId: string): Promise<void> {
    const removed = await this.desired.remove(manager, [ownConsumerId(this.options.realm, userId)]);
    if (removed.length > 0) await this.record(manager, asker, userId, 'user.limits-removed');
  }

  private async assertPerson(userId: string): Promise<void> {
    const present = await this.users.get(userId);
    if (present === undefined || present.user.deleted) throw NotFound();
  }

  private async record(
    manager: EntityManager,
    asker: Asker | undefined,
    userId: string,
    action: string,
    details?: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, {
      actor: asker?.userId,
      action,
      target: `user:${userId}`,
      origin: asker?.origin,
      details,
    });
  }
}
