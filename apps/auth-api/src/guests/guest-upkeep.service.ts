import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/index.js';
import { UsersService } from '../users/index.js';
import { KeycloakAccounts } from '#keycloak';
import { Database, Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { GUESTS_OPTIONS, type GuestsOptions } from './guests.options.js';
import { type GuestRef, GuestsRepository, type LeftBehind, SETTLE_TASK } from './guests.repository.js';
import { UpgradesService } from './upgrades.service.js';

const EXPIRE = 'guests.expire';
/** By then the requests of the process before this one count as left behind. */
const FIRST_SETTLE_AFTER_SECONDS = 4;

/** Settles what a dead process left half done, and lets go of guests whose time is over. */
@Injectable()
export class GuestUpkeep implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: Jobs,
    private readonly guests: GuestsRepository,
    private readonly upgrades: UpgradesService,
    private readonly users: UsersService,
    private readonly accounts: KeycloakAccounts,
    private readonly database: Database,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(GUESTS_OPTIONS) private readonly options: GuestsOptions,
  ) {
    jobs.define(SETTLE_TASK, () => this.settle(), { cron: '* * * * *' });
    jobs.define(EXPIRE, () => this.expire(), { cron: '17 3 * * *' });
  }

  /** What the process before this one left behind is settled soon, not at the next minute. */
  onApplicationBootstrap(): void {
    const job = { key: SETTLE_TASK, afterSeconds: FIRST_SETTLE_AFTER_SECONDS };
    void this.database.whenReady
      .then(() => this.database.transaction((manager) => this.jobs.add(manager, SETTLE_TASK, {}, job)))
      .catch((error: unknown) => this.logger.warn({ err: error }, 'guests settle at the next minute'));
  }

  /** @throws {AggregateError} some could not be settled, for example by a Keycloak that is away: the job is tried again */
  async settle(): Promise<void> {
    const failures: unknown[] = [];
    for (const guest of await this.guests.leftBehind()) {
      try {
        await this.settleOne(guest);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} guests not settled`);
  }

  private async settleOne(guest: LeftBehind): Promise<void> {
    const isSettled =
      guest.state === 'upgrading' && guest.userId !== null
        ? await this.upgrades.settle(guest.userId, guest.lookedAt)
        : await this.abandon(guest);
    if (!isSettled) await this.guests.lookAgain(guest.username);
  }

  /** Nobody holds tokens of a guest whose creation was cut off. False when there is nothing to remove yet. */
  private async abandon({ username, lookedAt }: LeftBehind): Promise<boolean> {
    const account = await this.accounts.findByUsername(username);
    if (account === undefined && !lookedAt) return false;
    if (account !== undefined) await this.accounts.delete(account.id);
    await this.guests.moveNow(username, 'abandoned');
    this.logger.info({ username }, 'guest whose creation was cut off removed');
    return true;
  }

  private async expire(): Promise<void> {
    for (const guest of await this.guests.overdue(this.options.ttlDays)) await this.end(guest);
    await this.guests.forgetOld();
  }

  private async end({ username, userId }: GuestRef): Promise<void> {
    if (userId === null) return;
    await this.users.exclusively(userId, async () => {
      const still = await this.guests.findByUser(userId);
      if (still?.state !== 'active') return;
      await this.accounts.delete(userId);
      await this.users.markDeleted(userId);
      await this.database.transaction(async (manager) => {
        await this.guests.move(manager, username, 'expired');
        await this.audit.record(manager, {
          actor: undefined,
          action: 'guest.expired',
          target: `user:${userId}`,
          origin: undefined,
        });
      });
    });
  }
}
