import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import { toUser, UserRow } from './user.entity.js';
import type { User, UserReading } from './user.js';

/** Writes a reading unless somebody wrote since `expected`; a new row has been written 0 times. */
const SAVE = `
  INSERT INTO users AS u (id, username, email, email_verified, full_name, guest, enabled, roles, version, read_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, now())
  ON CONFLICT (id) DO UPDATE SET
    username = excluded.username, email = excluded.email, email_verified = excluded.email_verified,
    full_name = excluded.full_name, guest = excluded.guest, enabled = excluded.enabled, roles = excluded.roles,
    version = u.version + 1, read_at = now()
  WHERE u.version = $9 AND u.deleted_at IS NULL
  RETURNING version`;

const MARK_DELETED = `
  INSERT INTO users AS u (id, username, email_verified, guest, enabled, roles, deleted_at, version, read_at)
  VALUES ($1, '', false, false, false, '{}', now(), 1, now())
  ON CONFLICT (id) DO UPDATE SET
    enabled = false, roles = '{}', deleted_at = coalesce(u.deleted_at, now()), version = u.version + 1, read_at = now()`;

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  async find(id: string): Promise<User | undefined> {
    const row = await this.database.rows(UserRow, (rows) => rows.findOneBy({ id }));
    return row === null ? undefined : toUser(row);
  }

  async known(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.run<{ id: string }>(
      { name: 'users-known', text: 'SELECT id FROM users WHERE id = ANY($1::uuid[])' },
      [ids],
    );
    return rows.map(({ id }) => id);
  }

  /** Who signs in with this name or e-mail, both kept by Keycloak in lower case. */
  async findIdByLogin(login: string): Promise<string | undefined> {
    const rows = await this.database.run<{ id: string }>(
      {
        name: 'user-by-login',
        text: 'SELECT id FROM users WHERE (username = $1 OR email = $1) AND deleted_at IS NULL LIMIT 1',
      },
      [login.toLowerCase()],
    );
    return rows[0]?.id;
  }

  /** Whether the reading was stored: false when the row was written since it had `version`, or the person is deleted. */
  async save(manager: EntityManager, user: UserReading, version: number): Promise<boolean> {
    const written = await manager.query<unknown[]>(SAVE, [
      user.id,
      user.username,
      user.email ?? null,
      user.emailVerified,
      user.fullName ?? null,
      user.guest,
      user.enabled,
      user.roles,
      version,
    ]);
    return written.length === 1;
  }

  async markDeleted(manager: EntityManager, id: string): Promise<void> {
    await manager.query(MARK_DELETED, [id]);
  }
}
