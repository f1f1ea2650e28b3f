import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ChangeFeed, Jobs, StorageUnavailable } from '#storage';
import { LOGGER } from '#telemetry';
import { UsersService } from '../users/index.js';
import { ApplicationsService } from './applications.service.js';

const TASK = 'applications.end-ownerless';
const EVERY_MINUTE = '* * * * *';

/**
 * Applications end with their owner: at once when a person is heard to be deleted; when changes may have been missed, as
 * at every start, all are looked through; and every minute, should that have failed.
 */
@Injectable()
export class DeletedOwners {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly users: UsersService,
    feed: ChangeFeed,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    feed.subscribe(
      ({ kind, id }) => void (kind === 'user' && this.hear(id)),
      () => void this.orLater(() => this.end(undefined)),
    );
    jobs.define(TASK, () => this.end(undefined), { cron: EVERY_MINUTE });
  }

  private async hear(id: string): Promise<void> {
    await this.orLater(async () => {
      if ((await this.users.find(id))?.deleted === true) await this.end(id);
    });
  }

  private async orLater(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // An outage of the database is said by those who wait for it; this comes again with its end.
      const level = StorageUnavailable.is(error) ? 'debug' : 'warn';
      this.logger[level]({ err: error }, 'applications of deleted people not ended, again later');
    }
  }

  private async end(userId: string | undefined): Promise<void> {
    const ended = await this.applications.endOwnerless(userId);
    if (ended > 0) this.logger.info({ ended, user_id: userId }, 'applications of deleted people ended');
  }
}
