import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { ResponsesRepository } from './responses.repository.js';

const TASK = 'responses.prune';
const AT_ONCE = 500;
const MOST_BATCHES = 40;

/** Every hour: expired responses, which nobody can read any more, are deleted, so many at once and so many a run. */
@Injectable()
export class Retention {
  constructor(
    jobs: Jobs,
    private readonly responses: ResponsesRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.define(TASK, () => this.run(), { cron: '17 * * * *' });
  }

  private async run(): Promise<void> {
    let deleted = 0;
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const count = await this.responses.prune(AT_ONCE);
      deleted += count;
      if (count < AT_ONCE) break;
    }
    this.logger.info({ deleted }, 'expired responses deleted');
  }
}
