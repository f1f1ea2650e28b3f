import { Injectable } from '@nestjs/common';
import { AuditService, type Origin } from '../audit/index.js';
import { type Backlog, DesiredConsumers, type Refusal } from '../consumers/index.js';
import { Database } from '#storage';
import { KongSync } from './kong-sync.service.js';
import type { SyncStateRow } from './sync-state.entity.js';
import { SyncStateRepository } from './sync-state.repository.js';

/** A caller behind the gateway gets an answer within its 15 s. */
const ANSWER_WITHIN_MS = 8000;
const ASK_AGAIN_MS = 100;
const LISTED = 100;

export interface Status {
  readonly state: SyncStateRow;
  readonly backlog: Backlog;
  /** The oldest. */
  readonly refused: readonly Refusal[];
}

/** What people are told of the synchronisation, whichever process does it, and how they ask for it. */
@Injectable()
export class SyncStatus {
  constructor(
    private readonly sync: KongSync,
    private readonly state: SyncStateRepository,
    private readonly consumers: DesiredConsumers,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  async read(): Promise<Status> {
    const [state, backlog, refused] = await Promise.all([
      this.state.read(),
      this.consumers.backlog(),
      this.consumers.refusals(LISTED),
    ]);
    return { state, backlog, refused };
  }

  /** Has Kong compared as a whole and made so. @returns whether that was done within some seconds */
  async compareNow(force: boolean, who: { actor: string; origin: Origin }): Promise<boolean> {
    const entry = { ...who, action: 'kong.sync-requested', target: 'kong:sync', details: { force } };
    await this.database.transaction((manager) => this.audit.record(manager, entry));
    const moment = await this.sync.request(force);
    for (const deadline = performance.now() + ANSWER_WITHIN_MS; performance.now() < deadline;) {
      const { requestedAt } = await this.state.read();
      if (requestedAt === null || requestedAt > moment) return true;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
    return false;
  }
}
