import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService, type Origin } from '../audit/index.js';
import { EdgePushes } from '../kong-sync/index.js';
import { userChange } from '../users/index.js';
import { ChangeFeed, Database } from '#storage';
import { DAY_MS, statusOf } from './api-key.js';
import { ApiKeyRow } from './api-key.entity.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { KeyEnded, KeyLimitReached, KeyNotFound } from './api-keys.problems.js';
import { ApiKeysRepository, type KeyPage } from './api-keys.repository.js';
import { newKey } from './key-format.js';
import { KeyMirror } from './key-mirror.service.js';
import { keyChange } from './key-validator.service.js';

export interface KeyRequest {
  readonly name: string;
  readonly expiresInDays: number | undefined;
  readonly scopes: readonly string[];
  readonly tier: string | undefined;
}

/** A key just made: the only moment at which the key itself is known. */
export interface CreatedKey {
  readonly row: ApiKeyRow;
  readonly key: string;
}

/** Who asks, and from where. */
export interface Asker {
  readonly userId: string;
  readonly origin: Origin;
}

/** Keys of people: made, listed, renamed, rotated and revoked. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly mirror: KeyMirror,
    private readonly database: Database,
    private readonly feed: ChangeFeed,
    private readonly audit: AuditService,
    private readonly edge: EdgePushes,
    @Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions,
  ) {}

  /** @throws {Problem} KeyLimitReached, also when many are made at the same moment */
  async create({ userId, origin }: Asker, request: KeyRequest): Promise<CreatedKey> {
    const lifeMs = (request.expiresInDays ?? this.options.defaultDays) * DAY_MS;
    return this.database.transaction(async (manager) => {
      await this.keys.lockOwner(manager, userId);
      await this.assertPlaceLeft(manager, userId);
      const created = await this.insert(manager, userId, { ...request, lifeMs });
      await this.mirror.later(manager, userId);
      await this.record(manager, { userId, origin }, 'api-key.created', created.row.id, {
        name: request.name,
      });
      return created;
    });
  }

  async list(userId: string, page: { cursor?: string; limit: number }): Promise<KeyPage> {
    return this.keys.page(userId, page);
  }

  /** @throws {Problem} KeyNotFound, the same for another's key and for none */
  async get(userId: string, id: string): Promise<ApiKeyRow> {
    const row = await this.keys.findOwn(userId, id);
    if (row === undefined) throw KeyNotFound();
    return row;
  }

  /** @throws {Problem} KeyNotFound */
  async rename({ userId, origin }: Asker, id: string, name: string): Promise<ApiKeyRow> {
    return this.database.transaction(async (manager) => {
      const row = await this.own(manager, userId, id);
      await this.keys.update(manager, id, { name });
      await this.record(manager, { userId, origin }, 'api-key.renamed', id, { name });
      return { ...row, name };
    });
  }

  /**
   * Makes a key like this one, which itself goes on working for `overlapSeconds` (0: ends now), but no longer than it
   * would have.
   *
   * @throws {Problem} KeyNotFound, KeyEnded, KeyLimitReached
   */
  async rotate({ userId, origin }: Asker, id: string, overlapSeconds: number): Promise<CreatedKey> {
    const { created, change } = await this.feed.transaction(async (manager, announce) => {
      await this.keys.lockOwner(manager, userId);
      const old = await this.own(manager, userId, id);
      const now = new Date();
      const status = statusOf({ expiresAt: old.expiresAt, revokedAt: old.revokedAt ?? undefined }, now);
      if (status === 'revoked' || status === 'expired') throw KeyEnded({ status });
      if (overlapSeconds > 0) await this.assertPlaceLeft(manager, userId);
      const lifeMs = await this.lifeOf(manager, old);
      const request = { name: old.name, scopes: old.scopes, tier: old.tier ?? undefined, lifeMs };
      const created = await this.insert(manager, userId, request);
      await this.keys.update(manager, id, {
        replacedBy: created.row.id,
        ...endAfter(old, now, overlapSeconds),
      });
      await announce(keyChange(id));
      await this.ends(manager, { ...old, revoked: overlapSeconds === 0 });
      await this.record(manager, { userId, origin }, 'api-key.rotated', id, { new_key: created.row.id });
      return { created, change: { hash: old.hash, revoked: overlapSeconds === 0 } };
    });
    await this.edge.pushNow([change]);
    return created;
  }

  /**
   * Ends a key everywhere; one that has ended stays as it is, and is announced again: whoever asks a second time, perhaps
   * because the first answer was lost, may rely on this one.
   *
   * @returns how many gateway nodes have not confirmed yet
   * @throws {Problem} KeyNotFound
   */
  async revoke({ userId, origin }: Asker, id: string): Promise<number> {
    const { hash } = await this.feed.transaction(async (manager, announce) => {
      await this.keys.lockOwner(manager, userId);
      const row = await this.own(manager, userId, id);
      await announce(keyChange(id));
      if (row.revokedAt !== null) return row;
      await this.keys.update(manager, id, { revokedAt: new Date() });
      await this.ends(manager, { ...row, revoked: true });
      await this.record(manager, { userId, origin }, 'api-key.revoked', id);
      return row;
    });
    return this.edge.pushNow([{ hash, revoked: true }]);
  }

  /** Ends all usable keys of a person, by an administrator; returns how many. */
  async revokeAll(administrator: Asker, userId: string): Promise<number> {
    const ended = await this.feed.transaction(async (manager, announce) => {
      await this.keys.lockOwner(manager, userId);
      await announce(userChange(userId));
      const usable = await this.keys.usable(manager, userId);
      for (const key of usable) {
        await this.keys.update(manager, key.id, { revokedAt: new Date() });
        await this.ends(manager, { ...key, userId, revoked: true });
        await this.record(manager, administrator, 'api-key.revoked', key.id, { owner: userId });
      }
      return usable;
    });
    await this.edge.pushNow(ended.map(({ hash }) => ({ hash, revoked: true })));
    return ended.length;
  }

  /** What follows by jobs when a key ends or is shortened: every gateway node and the mirror hear of it. */
  private async ends(
    manager: EntityManager,
    { hash, userId, revoked }: Pick<ApiKeyRow, 'hash' | 'userId'> & { revoked: boolean },
  ): Promise<void> {
    await this.edge.promise(manager, { hash, revoked });
    await this.mirror.later(manager, userId);
  }

  private async assertPlaceLeft(manager: EntityManager, userId: string): Promise<void> {
    const limit = this.options.maxPerUser;
    if ((await this.keys.countUsable(manager, userId)) >= limit) throw KeyLimitReached({ limit });
  }

  private async own(manager: EntityManager, userId: string, id: string): Promise<ApiKeyRow> {
    const row = await this.keys.findOwn(userId, id, manager);
    if (row === undefined) throw KeyNotFound();
    return row;
  }

  /** How long a key was made to live. One in its overlap has been cut short, its successor has not. */
  private async lifeOf(manager: EntityManager, { userId, ...row }: ApiKeyRow): Promise<number> {
    const successor =
      row.replacedBy === null ? undefined : await this.keys.findOwn(userId, row.replacedBy, manager);
    return successor === undefined
      ? row.expiresAt.getTime() - row.createdAt.getTime()
      : this.lifeOf(manager, successor);
  }

  private async insert(
    manager: EntityManager,
    userId: string,
    { name, scopes, tier, lifeMs }: Omit<KeyRequest, 'expiresInDays'> & { lifeMs: number },
  ): Promise<CreatedKey> {
    const { key, ...kept } = newKey(this.options.prefix);
    const createdAt = new Date();
    const row: ApiKeyRow = {
      id: randomUUID(),
      userId,
      name,
      ...kept,
      scopes: [...scopes],
      tier: tier ?? null,
      expiresAt: new Date(createdAt.getTime() + lifeMs),
      revokedAt: null,
      replacedBy: null,
      lastUsedAt: null,
      createdAt,
    };
    await this.keys.insert(manager, row);
    return { row, key };
  }

  private async record(
    manager: EntityManager,
    { userId, origin }: Asker,
    action: string,
    keyId: string,
    details?: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, { actor: userId, action, target: `api-key:${keyId}`, origin, details });
  }
}

function endAfter(old: ApiKeyRow, now: Date, overlapSeconds: number): Partial<ApiKeyRow> {
  if (overlapSeconds === 0) return { revokedAt: now };
  return { expiresAt: new Date(Math.min(old.expiresAt.getTime(), now.getTime() + overlapSeconds * 1000)) };
}
