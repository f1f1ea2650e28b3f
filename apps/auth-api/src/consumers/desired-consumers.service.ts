import { EventEmitter } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, sqlState } from '#storage';
import { Secret } from '#config';
import type { Consumer, Credential, DesiredConsumer } from './consumer.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import type { CredentialFields } from './credential.entity.js';
import { Seal, Unsealable } from './sealing.js';

/** A change to what was never written as a whole leaves nobody knowing what of it is in Kong. */
const PUT = `
  INSERT INTO consumers AS c (id, origin, username, custom_id, tags, groups, limits, created_at, changed_at,
                              revision, applied_revision, attempts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now(), nextval('consumer_revisions'), 0, 0)
  ON CONFLICT (id) DO UPDATE SET
    origin = excluded.origin, username = excluded.username, custom_id = excluded.custom_id, tags = excluded.tags,
    groups = excluded.groups, limits = excluded.limits, removed_at = NULL,
    created_at = CASE WHEN c.removed_at IS NULL THEN c.created_at ELSE excluded.created_at END,
    changed_at = now(), revision = excluded.revision, applied_revision = ${unknownIfNew('c')},
    failure = NULL, attempts = 0, next_attempt_at = NULL
  RETURNING (xmax <> 0) AS existed`;

/** What could let it in is forgotten at once. */
const REMOVE = `
  WITH gone AS (
    UPDATE consumers AS c SET removed_at = now(), changed_at = now(), revision = nextval('consumer_revisions'),
      applied_revision = ${unknownIfNew('c')}, failure = NULL, attempts = 0, next_attempt_at = NULL
    WHERE id = ANY($1) AND removed_at IS NULL RETURNING id),
  credentials AS (DELETE FROM consumer_credentials k USING gone WHERE k.consumer_id = gone.id)
  SELECT id FROM gone`;

const CREDENTIALS = `
  INSERT INTO consumer_credentials (id, consumer_id, kind, fields, sealed)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::bytea[])
  ON CONFLICT (id) DO UPDATE SET consumer_id = excluded.consumer_id, kind = excluded.kind,
    fields = excluded.fields, sealed = excluded.sealed`;

const DESIRED = `
  SELECT c.id, c.origin, c.username, c.custom_id, c.tags, c.groups, c.limits, c.revision::float8 AS revision,
         c.applied_revision = 0 AS is_new, c.revision <> c.applied_revision AS pending, c.removed_at IS NOT NULL AS removed,
         array_agg(k.id) AS ids, array_agg(k.kind) AS kinds, array_agg(k.fields) AS fields, array_agg(k.sealed) AS sealed
  FROM consumers c LEFT JOIN consumer_credentials k ON k.consumer_id = c.id`;

const PENDING = {
  name: 'consumers-pending',
  text: `${DESIRED} WHERE c.id IN (
           SELECT id FROM consumers WHERE revision <> applied_revision AND (next_attempt_at IS NULL OR next_attempt_at <= now())
             AND NOT id = ANY($2::uuid[])
           ORDER BY removed_at NULLS LAST, revision LIMIT $1)
         GROUP BY c.id ORDER BY c.removed_at NULLS LAST, c.revision`,
};
const AFTER = {
  name: 'consumers-after',
  text: `${DESIRED} WHERE c.id > $1 AND c.removed_at IS NULL GROUP BY c.id ORDER BY c.id LIMIT $2`,
};

const ONE = {
  name: 'consumers-one',
  text: `${DESIRED} WHERE c.id = $1 AND c.removed_at IS NULL GROUP BY c.id`,
};

const APPLIED = `
  WITH done AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS d (id, revision)),
       gone AS (DELETE FROM consumers c USING done d
                WHERE c.id = d.id AND c.revision = d.revision AND c.removed_at IS NOT NULL)
  UPDATE consumers c SET applied_revision = d.revision, failure = NULL, attempts = 0, next_attempt_at = NULL
  FROM done d WHERE c.id = d.id AND c.removed_at IS NULL AND c.applied_revision < d.revision`;

/** Longer after each refusal, up to a minute: what Kong refuses today it may take when somebody has made room. */
const REFUSED = {
  name: 'consumers-refused',
  text: `UPDATE consumers SET failure = $3, attempts = attempts + 1, applied_revision = ${unknownIfNew('consumers')},
           next_attempt_at = now() + make_interval(secs => least(60, power(2, least(attempts, 6))))
         WHERE id = $1 AND revision = $2`,
};

const WAITING = {
  name: 'consumers-waiting',
  text: `SELECT id FROM consumers WHERE id = ANY($1::uuid[]) AND revision <> applied_revision`,
};
const BACKLOG = {
  name: 'consumers-backlog',
  text: `SELECT count(*)::int AS waiting, count(failure)::int AS refused,
                coalesce(extract(epoch FROM now() - min(changed_at)), 0)::float8 AS "oldestSeconds"
         FROM consumers WHERE revision <> applied_revision`,
};
const REFUSALS = {
  name: 'consumers-refusals',
  text: `SELECT id, username, failure, attempts FROM consumers
         WHERE revision <> applied_revision AND failure IS NOT NULL ORDER BY changed_at LIMIT $1`,
};

const STILL_PENDING = {
  name: 'consumer-still-pending',
  text: `SELECT 1 FROM consumers WHERE id = $1 AND revision <> applied_revision`,
};

/** What Kong does not have yet. */
export interface Backlog {
  readonly waiting: number;
  /** Of those, how many Kong has refused. */
  readonly refused: number;
  /** Since when the oldest waits, in seconds. */
  readonly oldestSeconds: number;
}

/** What Kong does not take, and why. */
export interface Refusal {
  readonly id: string;
  readonly username: string;
  readonly failure: string;
  readonly attempts: number;
}

interface DesiredRow {
  readonly id: string;
  readonly origin: DesiredConsumer['origin'];
  readonly username: string;
  readonly custom_id: string | null;
  readonly tags: string[];
  readonly groups: string[];
  readonly limits: DesiredConsumer['limits'] | null;
  readonly revision: number;
  readonly is_new: boolean;
  readonly pending: boolean;
  readonly removed: boolean;
  readonly ids: (string | null)[];
  readonly kinds: (Credential['kind'] | null)[];
  readonly fields: (CredentialFields | null)[];
  readonly sealed: (Buffer | null)[];
}

const PAGE = 1000;
/** Another process may be the one that applies it: then only the row tells. */
const ASK_AGAIN_MS = 50;

/**
 * The consumers that should exist in Kong. Whoever wants one writes it in the transaction of what it is for; kong-sync
 * makes Kong so, and says here what it has made.
 */
@Injectable()
export class DesiredConsumers {
  private readonly events = new EventEmitter().setMaxListeners(0);
  private readonly seal: Seal;

  constructor(
    private readonly database: Database,
    @Inject(CONSUMERS_OPTIONS) options: ConsumersOptions,
  ) {
    this.seal = new Seal(options.credentialKeys);
  }

  /** Calls back after each commit of this process that changed what should be. */
  onChange(listener: () => void): void {
    this.events.on('change', listener);
  }

  /** A transaction in which consumers may be put and removed; kong-sync hears of it after the commit. */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await this.database.transaction(work);
    this.events.emit('change');
    return result;
  }

  /**
   * Makes it as it should be, as a whole: credentials and groups that are not named are to be gone. In `transaction`.
   *
   * @throws what PostgreSQL says of a taken username or custom_id: SQLSTATE 23505, constraint `consumers_by_…`
   */
  async put(manager: EntityManager, consumer: Consumer): Promise<void> {
    const { id, origin, username, customId, tags, groups, limits, credentials } = consumer;
    const [row] = await manager.query<{ existed: boolean }[]>(PUT, [
      id,
      origin,
      username,
      customId ?? null,
      tags,
      groups,
      limits === undefined ? null : JSON.stringify(limits),
    ]);
    const ids = credentials.map((credential) => credential.id);
    if (row?.existed === true)
      await manager.query('DELETE FROM consumer_credentials WHERE consumer_id = $1 AND NOT id = ANY($2)', [
        id,
        ids,
      ]);
    if (credentials.length === 0) return;
    await manager.query(CREDENTIALS, [
      ids,
      ids.map(() => id),
      credentials.map(({ kind }) => kind),
      credentials.map((credential) => JSON.stringify(fieldsOf(credential))),
      credentials.map((credential) => this.seal.seal(secretOf(credential), credential.id)),
    ]);
  }

  /** They should be gone, with everything that belongs to them. In `transaction`. @returns those that were to be there */
  async remove(manager: EntityManager, ids: readonly string[]): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(REMOVE, [ids]);
    return rows.map(({ id }) => id);
  }

  /**
   * One that should be there, with its credentials; as a transaction sees it when its manager is given.
   *
   * @throws {Unsealable} a credential can not be opened
   */
  async find(id: string, manager?: EntityManager): Promise<DesiredConsumer | undefined> {
    const rows =
      manager === undefined
        ? await this.database.run<DesiredRow>(ONE, [id])
        : await manager.query<DesiredRow[]>(ONE.text, [id]);
    const [consumer] = rows.map((row) => this.toConsumer(row));
    const [lost] = consumer?.unopened ?? [];
    if (lost !== undefined) throw new Unsealable(lost);
    return consumer;
  }

  /** Which of these Kong does not have as they should be, or still has although they should be gone. */
  async waiting(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.database.run<{ id: string }>(WAITING, [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * What Kong does not have yet and may be tried now: what should be gone first, then in the order of change. One whose
   * credential can not be opened counts as refused, and holds up nobody else.
   *
   * @param taken are being worked on, and left out
   */
  async pending(limit: number, taken: readonly string[] = []): Promise<DesiredConsumer[]> {
    const consumers: DesiredConsumer[] = [];
    for (const row of await this.database.run<DesiredRow>(PENDING, [limit, taken])) {
      const consumer = this.toConsumer(row);
      const [lost] = consumer.unopened;
      if (lost === undefined) consumers.push(consumer);
      else await this.markRefused(row, new Unsealable(lost).message);
    }
    return consumers;
  }

  /** Everything that should be there; what of it can not be said, because no key opens it, is named in `unopened`. */
  async *all(): AsyncGenerator<readonly DesiredConsumer[]> {
    for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
      const rows = await this.database.run<DesiredRow>(AFTER, [after, PAGE]);
      if (rows.length > 0) yield rows.map((row) => this.toConsumer(row));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last.id;
    }
  }

  /**
   * Kong has these, as they were when they were read; what changed since stays pending.
   *
   * @param alongside is done in the same transaction
   */
  async markApplied(
    consumers: readonly Pick<DesiredConsumer, 'id' | 'revision'>[],
    alongside: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    if (consumers.length === 0) return;
    await this.database.transaction(async (manager) => {
      await manager.query(APPLIED, [
        consumers.map(({ id }) => id),
        consumers.map(({ revision }) => revision),
      ]);
      await alongside(manager);
    });
    this.events.emit('applied');
  }

  /** Kong refuses it; it is tried again, later each time. */
  async markRefused(
    { id, revision }: Pick<DesiredConsumer, 'id' | 'revision'>,
    failure: string,
  ): Promise<void> {
    await this.database.run(REFUSED, [id, revision, failure.slice(0, 1000)]);
  }

  async backlog(): Promise<Backlog> {
    const [row] = await this.database.run<Backlog>(BACKLOG, []);
    return row ?? { waiting: 0, refused: 0, oldestSeconds: 0 };
  }

  /** Oldest first. */
  async refusals(limit: number): Promise<Refusal[]> {
    return this.database.run<Refusal>(REFUSALS, [limit]);
  }

  /** Waits until Kong has it as it is now; false when that takes longer. */
  async whenApplied(id: string, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const waiting = await this.database.run(STILL_PENDING, [id]);
      if (waiting.length === 0) return true;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await this.nextApplied(Math.min(ASK_AGAIN_MS, leftMs));
    }
  }

  /** As `whenApplied`, for what was taken away: where there is no Kong (`withinMs` 0), it is gone already. */
  async whenGone(id: string, withinMs: number): Promise<boolean> {
    return withinMs === 0 || this.whenApplied(id, withinMs);
  }

  private async nextApplied(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.events.off('applied', done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.events.on('applied', done);
    });
  }

  private toConsumer(row: DesiredRow): DesiredConsumer {
    const unopened: string[] = [];
    const credentials = row.ids.flatMap((id, at) => {
      if (id === null) return [];
      const secret = this.open(row.sealed[at] as Buffer, id);
      if (secret !== undefined) return [credentialOf(id, secret, row, at)];
      unopened.push(id);
      return [];
    });
    return {
      id: row.id,
      origin: row.origin,
      username: row.username,
      customId: row.custom_id ?? undefined,
      tags: row.tags,
      groups: row.groups,
      limits: row.limits ?? undefined,
      revision: row.revision,
      pending: row.pending,
      removed: row.removed,
      isNew: row.is_new,
      credentials,
      unopened,
    };
  }

  private open(sealed: Buffer, id: string): Secret | undefined {
    try {
      return this.seal.open(sealed, id);
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      return undefined;
    }
  }
}

function credentialOf(id: string, secret: Secret, { kinds, fields }: DesiredRow, at: number): Credential {
  if (kinds[at] === 'key-auth') return { kind: 'key-auth', id, key: secret };
  const { name = '', clientId = '', redirectUris = [] } = fields[at] ?? {};
  return { kind: 'oauth2', id, name, clientId, clientSecret: secret, redirectUris };
}

/** Which uniqueness a refused `put` would have broken, such as `consumers_by_custom_id`; undefined for any other error. */
export function takenConstraint(error: unknown): string | undefined {
  if (sqlState(error) !== '23505') return undefined;
  return (error as { driverError?: { constraint?: string } }).driverError?.constraint;
}

function unknownIfNew(table: string): string {
  return `CASE WHEN ${table}.applied_revision = 0 THEN -1 ELSE ${table}.applied_revision END`;
}

function secretOf(credential: Credential): Secret {
  return credential.kind === 'key-auth' ? credential.key : credential.clientSecret;
}

function fieldsOf(credential: Credential): CredentialFields {
  if (credential.kind === 'key-auth') return {};
  const { name, clientId, redirectUris } = credential;
  return { name, clientId, redirectUris };
}
