import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/index.js';
import { Database, Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KeyMirror } from './key-mirror.service.js';

const TASK = 'api-keys.cleanup';
/** For how long an ended key is still listed. */
const KEPT_DAYS = 30;

/** Every night: ended keys leave the mirror at once and the list after KEPT_DAYS, on record. */
@Injectable()
export class KeyCleanup {
  constructor(
    jobs: Jobs,
    private readonly keys: ApiKeysRepository,
    private readonly mirror: KeyMirror,
    private readonly database: Database,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.define(TASK, () => this.run(), { cron: '43 2 * * *' });
  }

  private async run(): Promise<void> {
    const owners = await this.keys.ownersOfExpired();
    await this.database.transaction(async (manager) => {
      for (const userId of owners) await this.mirror.later(manager, userId);
      const deleted = await this.keys.deleteEnded(manager, KEPT_DAYS);
      for (const { id, userId } of deleted)
        await this.audit.record(manager, {
          actor: undefined,
          action: 'api-key.deleted',
          target: `api-key:${id}`,
          origin: undefined,
          details: { owner: userId },
        });
      this.logger.info({ deleted: deleted.length, expired_owners: owners.length }, 'ended keys cleaned up');
    });
  }
}
