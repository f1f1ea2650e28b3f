import { Injectable } from '@nestjs/common';
import { Database } from '#storage';
import type { KeptResponse } from './response.js';
import { ResponseRow } from './response.entity.js';

const COUNT = 'SELECT count(*)::integer AS count FROM responses WHERE owner_id = $1 AND expires_at > now()';

const FIND = `
  SELECT id, owner_id AS "ownerId", previous_id AS "previousId", input, completion, settings, created_at AS "createdAt"
  FROM responses WHERE id = $1 AND owner_id = $2 AND expires_at > now()`;

/** From the last one backwards; one more than is allowed, to tell. */
const CHAIN = `
  WITH RECURSIVE chain AS (
    SELECT r.*, 1 AS depth FROM responses r WHERE id = $1 AND owner_id = $2 AND expires_at > now()
    UNION ALL
    SELECT r.*, depth + 1 FROM chain c JOIN responses r ON r.id = c.previous_id
    WHERE r.owner_id = $2 AND r.expires_at > now() AND depth <= $3)
  SELECT id, previous_id AS "previousId", input, completion FROM chain ORDER BY depth DESC`;

const PRUNE = `
  DELETE FROM responses WHERE id IN (
    SELECT id FROM responses WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING id`;

export type Link = Pick<KeptResponse, 'id' | 'previousId' | 'input' | 'completion'>;

/** Responses in PostgreSQL. Each read names the owner: nobody finds another's. */
@Injectable()
export class ResponsesRepository {
  constructor(private readonly database: Database) {}

  async count(ownerId: string): Promise<number> {
    const [row] = await this.database.run<{ count: number }>({ name: 'count-responses', text: COUNT }, [
      ownerId,
    ]);
    return row?.count ?? 0;
  }

  async find(ownerId: string, id: string): Promise<KeptResponse | undefined> {
    const [row] = await this.database.run<KeptResponse>({ name: 'find-response', text: FIND }, [id, ownerId]);
    return row;
  }

  /** What a response continues, the oldest first, `max` + 1 of them at most. */
  chain(ownerId: string, lastId: string, max: number): Promise<Link[]> {
    return this.database.run<Link>({ name: 'chain-of-responses', text: CHAIN }, [lastId, ownerId, max]);
  }

  /** Keeps a response, and those it continues for as long. */
  async keep(response: KeptResponse, before: readonly Link[], expiresAt: Date): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager.insert(ResponseRow, { ...response, expiresAt });
      if (before.length === 0) return;
      const ids = before.map(({ id }) => id);
      await manager.query(
        'UPDATE responses SET expires_at = greatest(expires_at, $1) WHERE id = ANY ($2::uuid[]) AND owner_id = $3',
        [expiresAt, ids, response.ownerId],
      );
    });
  }

  async delete(ownerId: string, id: string): Promise<boolean> {
    const gone = await this.database.run(
      {
        name: 'delete-response',
        text: 'DELETE FROM responses WHERE id = $1 AND owner_id = $2 AND expires_at > now() RETURNING id',
      },
      [id, ownerId],
    );
    return gone.length > 0;
  }

  /** @returns how many of the expired are gone, `max` at most */
  async prune(max: number): Promise<number> {
    return (await this.database.run({ name: 'prune-responses', text: PRUNE }, [max])).length;
  }
}
