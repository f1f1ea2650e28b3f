import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { ChangeFeed, Database, Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { UserLimitsRepository } from './user-limits.repository.js';
import { UserLimitsService } from './user-limits.service.js';

const FOLLOW = 'consumers.follow-users';

/**
 * A person's own consumer goes with him, and an upgrade makes it that of a registered user. Mostly at once, since the
 * change is heard of; what nobody heard, because of a crash or a lost connection, is found at the start and every minute.
 */
@Injectable()
export class UserLimitsUpkeep implements OnApplicationBootstrap {
  constructor(
    private readonly limits: UserLimitsRepository,
    private readonly service: UserLimitsService,
    private readonly database: Database,
    feed: ChangeFeed,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.define(FOLLOW, () => this.followAll(), { cron: '* * * * *' });
    feed.subscribe(
      ({ kind, id }) => void (kind === 'user' && this.hear(id)),
      () => undefined,
    );
  }

  onApplicationBootstrap(): void {
    void this.database.whenReady.then(() => this.quietly(() => this.followAll()));
  }

  private async followAll(): Promise<void> {
    for (const userId of await this.limits.behind()) await this.service.follow(userId);
  }

  private async hear(userId: string): Promise<void> {
    await this.quietly(async () => {
      if (await this.limits.isBehind(userId)) await this.service.follow(userId);
    });
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: error }, "a person's limits do not follow him yet, a job goes on");
    }
  }
}
