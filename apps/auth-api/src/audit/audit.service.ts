import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ValidationFailed } from '#problem';
import { Database } from '#storage';
import { AuditEvent } from './audit-event.entity.js';
import type { Origin } from './origin.decorator.js';

/** One statement for however many: TypeORM's takes longer to write than PostgreSQL needs to do it. */
const INSERT = `
  INSERT INTO audit_events (id, at, actor, action, target, request_id, address, details)
  SELECT id, at, actor, action, target, request_id, address, details FROM jsonb_to_recordset($1::jsonb)
    AS e (id uuid, at timestamptz, actor uuid, action text, target text, request_id text, address text, details jsonb)`;

export interface AuditEntry {
  /** Keycloak id of who did it; undefined for the system. */
  readonly actor: string | undefined;
  readonly action: string;
  readonly target: string;
  readonly origin: Origin | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditPage {
  readonly items: readonly AuditEvent[];
  readonly nextCursor: string | undefined;
}

@Injectable()
export class AuditService {
  constructor(private readonly database: Database) {}

  /** Writes an entry in the transaction that does the thing, so that neither is there without the other. */
  async record(manager: EntityManager, entry: AuditEntry): Promise<void> {
    await this.recordAll(manager, [entry]);
  }

  /** As `record`, for many things that are done together. */
  async recordAll(manager: EntityManager, entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const at = new Date();
    const events = entries.map(({ actor, action, target, origin, details }) => ({
      id: randomUUID(),
      at,
      actor,
      action,
      target,
      request_id: origin?.requestId,
      address: origin?.address,
      details: details ?? {},
    }));
    await manager.query(INSERT, [JSON.stringify(events)]);
  }

  /** Newest first; `cursor` is the `nextCursor` of the page before. @throws {Problem} ValidationFailed: it is not */
  async page({
    target,
    cursor,
    limit,
  }: {
    target?: string;
    cursor?: string;
    limit: number;
  }): Promise<AuditPage> {
    const items = await this.database.rows(AuditEvent, (rows) => {
      const query = rows
        .createQueryBuilder('event')
        .orderBy('event.at', 'DESC')
        .addOrderBy('event.id', 'DESC');
      if (target !== undefined) query.andWhere('event.target = :target', { target });
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      if (after !== undefined) query.andWhere('(event.at, event.id) < (:at, :id)', after);
      return query.take(limit + 1).getMany();
    });
    const last = items[limit - 1];
    return {
      items: items.slice(0, limit),
      nextCursor: items.length > limit && last !== undefined ? encodeCursor(last) : undefined,
    };
  }
}

function encodeCursor({ at, id }: AuditEvent): string {
  return Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');
}

const CURSOR =
  /^\["(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"\]$/;

/** @throws {Problem} ValidationFailed */
function decodeCursor(cursor: string): { at: string; id: string } {
  const [, at = '', id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const moment = new Date(at);
  // 31 February is a date to JavaScript, which moves it to March, and none to PostgreSQL.
  if (Number.isNaN(moment.getTime()) || moment.toISOString() !== at)
    throw ValidationFailed({ errors: [{ field: 'cursor', detail: 'must be a next_cursor of this list' }] });
  return { at, id };
}
