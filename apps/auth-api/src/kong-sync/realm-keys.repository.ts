import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService, type Origin } from '../audit/index.js';
import { Database } from '#storage';
import { RealmKeyRow } from './realm-key.entity.js';
import type { RealmKey, RealmKeyChange } from './realm-key.js';

/** Who asked for it; nobody, where it was noticed. */
export interface Asker {
  readonly actor: string;
  readonly origin: Origin;
}

@Injectable()
export class RealmKeysRepository {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  async all(): Promise<readonly RealmKey[]> {
    const rows = await this.database.rows(RealmKeyRow, (table) => table.find({ order: { kid: 'ASC' } }));
    return rows.map(({ retiredAt, ...key }) => ({ ...key, retiredAt: retiredAt ?? undefined }));
  }

  /** Keeps what has changed, and on record who had it changed; `also` is on record though nothing did. */
  async keep(
    keys: readonly RealmKey[],
    changes: readonly RealmKeyChange[],
    { asker, also = [] }: { asker?: Asker | undefined; also?: readonly AuditedAct[] } = {},
  ): Promise<void> {
    if (changes.length + also.length === 0) return;
    const acts = changes.map(({ kid, change }) => ({
      action: `realm-key.${change}`,
      target: `realm-key:${kid}`,
    }));
    await this.database.transaction(async (manager) => {
      for (const { kid } of changes) await write(manager, kid, keys);
      const entries = [...acts, ...also].map((act) => ({
        actor: asker?.actor,
        origin: asker?.origin,
        ...act,
      }));
      await this.audit.recordAll(manager, entries);
    });
  }
}

export interface AuditedAct {
  readonly action: string;
  readonly target: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

async function write(manager: EntityManager, kid: string, keys: readonly RealmKey[]): Promise<void> {
  const key = keys.find((each) => each.kid === kid);
  if (key === undefined) await manager.delete(RealmKeyRow, { kid });
  else await manager.upsert(RealmKeyRow, { ...key, retiredAt: key.retiredAt ?? null }, ['kid']);
}
