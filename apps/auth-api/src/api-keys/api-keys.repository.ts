import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import type { KnownKey } from './api-key.js';
import { ApiKeyRow } from './api-key.entity.js';

const FIND_BY_HASH = {
  name: 'api-key-by-hash',
  text: `SELECT k.id, k.user_id, k.scopes, k.tier, k.expires_at, k.revoked_at,
                u.username, u.email, u.email_verified, u.guest, u.enabled, u.deleted_at, u.roles
         FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.hash = $1`,
};

interface KnownKeyRow {
  id: string;
  user_id: string;
  scopes: string[];
  tier: string | null;
  expires_at: Date;
  revoked_at: Date | null;
  username: string;
  email: string | null;
  email_verified: boolean;
  guest: boolean;
  enabled: boolean;
  deleted_at: Date | null;
  roles: string[];
}

const COUNT_IN_USE = {
  name: 'api-keys-in-use',
  text: `SELECT count(*) AS usable, count(*) FILTER (WHERE last_used_at > now() - interval '1 day') AS used
         FROM api_keys WHERE revoked_at IS NULL AND expires_at > now()`,
};

const USABLE = 'revoked_at IS NULL AND expires_at > now()';

export interface KeyPage {
  readonly items: readonly ApiKeyRow[];
  readonly nextCursor: string | undefined;
}

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  /** One indexed read, key and owner together, so that both are of the same moment. */
  async findByHash(hash: string): Promise<KnownKey | undefined> {
    const [row] = await this.database.run<KnownKeyRow>(FIND_BY_HASH, [hash]);
    return row === undefined ? undefined : toKnownKey(row);
  }

  /** Usable keys of everybody, and how many of them were used within a day: one statement that reads the table once. */
  async countInUse(): Promise<{ readonly usable: number; readonly used: number }> {
    const [row] = await this.database.run<{ usable: string; used: string }>(COUNT_IN_USE, []);
    return { usable: Number(row?.usable), used: Number(row?.used) };
  }

  /** The owner's row, locked until the transaction ends: keys of one user are made and counted one at a time. */
  async lockOwner(manager: EntityManager, userId: string): Promise<void> {
    await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
  }

  async countUsable(manager: EntityManager, userId: string): Promise<number> {
    const [row] = await manager.query<{ count: string }[]>(
      `SELECT count(*) FROM api_keys WHERE user_id = $1 AND ${USABLE}`,
      [userId],
    );
    return Number(row?.count);
  }

  async insert(manager: EntityManager, row: ApiKeyRow): Promise<void> {
    await manager.insert(ApiKeyRow, row);
  }

  /** A key of this owner; another's and none are the same nothing. */
  async findOwn(userId: string, id: string, manager?: EntityManager): Promise<ApiKeyRow | undefined> {
    const found =
      manager === undefined
        ? await this.database.rows(ApiKeyRow, (rows) => rows.findOneBy({ id, userId }))
        : await manager.findOneBy(ApiKeyRow, { id, userId });
    return found ?? undefined;
  }

  async update(manager: EntityManager, id: string, set: Partial<ApiKeyRow>): Promise<void> {
    await manager.update(ApiKeyRow, { id }, set);
  }

  async usable(manager: EntityManager, userId: string): Promise<Pick<ApiKeyRow, 'id' | 'hash'>[]> {
    return manager.query(`SELECT id, hash FROM api_keys WHERE user_id = $1 AND ${USABLE}`, [userId]);
  }

  /** What the Keycloak attribute should hold: `uuid:hash` of every usable key. */
  async mirrorOf(userId: string): Promise<string[]> {
    const rows = await this.database.run<{ entry: string }>(
      {
        name: 'api-keys-mirror',
        text: `SELECT id || ':' || hash AS entry FROM api_keys WHERE user_id = $1 AND ${USABLE} ORDER BY id`,
      },
      [userId],
    );
    return rows.map(({ entry }) => entry);
  }

  /** Newest first. */
  async page(userId: string, { cursor, limit }: { cursor?: string; limit: number }): Promise<KeyPage> {
    const items = await this.database.rows(ApiKeyRow, (rows) => {
      const query = rows
        .createQueryBuilder('key')
        .where('key.user_id = :userId', { userId })
        .orderBy('key.createdAt', 'DESC')
        .addOrderBy('key.id', 'DESC');
      if (cursor !== undefined)
        query.andWhere(
          '(key.created_at, key.id) < (SELECT c.created_at, c.id FROM api_keys c WHERE c.id = :cursor AND c.user_id = :userId)',
          { cursor },
        );
      return query.take(limit + 1).getMany();
    });
    return {
      items: items.slice(0, limit),
      nextCursor: items.length > limit ? items[limit - 1]?.id : undefined,
    };
  }

  /** Writes many moments of last use at once; an older one never replaces a newer one. */
  async noteUse(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.database.run(
      {
        name: 'api-keys-note-use',
        text: `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, used.at)
               FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at) WHERE k.id = used.id`,
      },
      [[...uses.keys()], [...uses.values()]],
    );
  }

  /** Owners of keys that expired within the last two days: their mirror still has them. */
  async ownersOfExpired(): Promise<string[]> {
    const rows = await this.database.run<{ user_id: string }>(
      {
        name: 'api-keys-expired-owners',
        text: `SELECT DISTINCT user_id FROM api_keys
               WHERE revoked_at IS NULL AND expires_at BETWEEN now() - interval '2 days' AND now()`,
      },
      [],
    );
    return rows.map(({ user_id: userId }) => userId);
  }

  /** Deletes keys that ended more than `days` ago; returns what was deleted. */
  async deleteEnded(manager: EntityManager, days: number): Promise<{ id: string; userId: string }[]> {
    return manager.query<{ id: string; userId: string }[]>(
      `WITH gone AS (DELETE FROM api_keys WHERE least(revoked_at, expires_at) < now() - make_interval(days => $1)
                     RETURNING id, user_id)
       SELECT id, user_id AS "userId" FROM gone`,
      [days],
    );
  }
}

function toKnownKey(row: KnownKeyRow): KnownKey {
  return {
    id: row.id,
    userId: row.user_id,
    scopes: row.scopes,
    tier: row.tier ?? undefined,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at ?? undefined,
    owner: {
      username: row.username,
      email: row.email ?? undefined,
      emailVerified: row.email_verified,
      guest: row.guest,
      enabled: row.enabled,
      deleted: row.deleted_at !== null,
      roles: row.roles,
    },
  };
}
