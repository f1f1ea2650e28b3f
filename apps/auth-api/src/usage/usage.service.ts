import { Injectable } from '@nestjs/common';
import { KeyValidator } from '../api-keys/index.js';
import { Database, Jobs } from '#storage';
import type { UsageBatchDto, UsageItemDto } from './usage.dto.js';

const PRUNE = 'usage.prune';
const BATCHES_KEPT_DAYS = 7;
const HOURS_KEPT_DAYS = 400;

const REMEMBER_BATCH = `
  INSERT INTO usage_batches (batch_id, received_at) VALUES ($1, now()) ON CONFLICT DO NOTHING RETURNING batch_id`;

const ADD = `
  INSERT INTO usage_hours AS h (hour, user_id, key_id, service, status, reason, count)
  SELECT date_trunc('hour', $1::timestamptz), i.user_id, i.key_id, i.service, i.status, i.reason, sum(i.count)
  FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::bigint[])
       AS i (user_id, key_id, service, status, reason, count)
  GROUP BY 2, 3, 4, 5, 6
  ON CONFLICT ON CONSTRAINT usage_hours_pkey DO UPDATE SET count = h.count + excluded.count`;

/** Counts what the gateway reports, each batch once however often it is sent. */
@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly validator: KeyValidator,
    jobs: Jobs,
  ) {
    jobs.define(PRUNE, () => this.prune(), { cron: '29 4 * * *' });
  }

  /** @returns false when this batch was counted before */
  async count({ batch_id: batchId, to, items }: UsageBatchDto): Promise<boolean> {
    const counted = await this.database.transaction(async (manager) => {
      const fresh = await manager.query<unknown[]>(REMEMBER_BATCH, [batchId]);
      if (fresh.length === 0) return false;
      if (items.length > 0) await manager.query(ADD, [to, ...columns(items)]);
      return true;
    });
    if (counted) this.noteUses(items, new Date(to));
    return counted;
  }

  /** A key was used when it was let in, whatever the service then answered. */
  private noteUses(items: readonly UsageItemDto[], at: Date): void {
    for (const { key_id: keyId, reason } of items)
      if (keyId !== undefined && reason === undefined) this.validator.noteUse(keyId, at);
  }

  private async prune(): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager.query('DELETE FROM usage_batches WHERE received_at < now() - make_interval(days => $1)', [
        BATCHES_KEPT_DAYS,
      ]);
      await manager.query('DELETE FROM usage_hours WHERE hour < now() - make_interval(days => $1)', [
        HOURS_KEPT_DAYS,
      ]);
    });
  }
}

function columns(items: readonly UsageItemDto[]): unknown[][] {
  return [
    items.map((item) => item.user_id ?? ''),
    items.map((item) => item.key_id ?? ''),
    items.map((item) => item.service ?? ''),
    items.map((item) => item.status),
    items.map((item) => item.reason ?? ''),
    items.map((item) => item.count),
  ];
}
