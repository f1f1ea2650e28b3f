import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import type { LimitedPerson } from './user-limits.js';

/** CASE and not AND: what another consumer has for custom_id is no UUID, and must not be read as one. */
const BEHIND = `
  SELECT u.id FROM consumers c JOIN users u ON u.id = CASE WHEN c.origin = 'user' THEN c.custom_id::uuid END
  WHERE c.origin = 'user' AND c.removed_at IS NULL
    AND (u.deleted_at IS NOT NULL OR u.guest <> ('guest' = ANY(c.tags)))`;

@Injectable()
export class UserLimitsRepository {
  constructor(private readonly database: Database) {}

  /** The person, who stays as he is until the transaction ends; undefined when he is deleted or not known. */
  async lockPerson(manager: EntityManager, id: string): Promise<LimitedPerson | undefined> {
    const [person] = await manager.query<LimitedPerson[]>(
      'SELECT id, guest FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE',
      [id],
    );
    return person;
  }

  /** People whose consumer is not what they are: deleted, or no longer a guest. */
  async behind(): Promise<string[]> {
    const rows = await this.database.run<{ id: string }>({ name: 'user-limits-behind', text: BEHIND }, []);
    return rows.map(({ id }) => id);
  }

  async isBehind(userId: string): Promise<boolean> {
    const statement = { name: 'user-limits-is-behind', text: `${BEHIND} AND c.custom_id = $1` };
    return (await this.database.run(statement, [userId])).length > 0;
  }
}
