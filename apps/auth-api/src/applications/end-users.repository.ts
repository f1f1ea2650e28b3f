import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ApiName } from '#config';
import { EndUserRow } from './end-user.entity.js';

/** Locks the person's row, also when he is there already: whoever counts his applications waits. */
const ENSURE = `
  INSERT INTO end_users (id, api, email, created_at) VALUES ($1, $2, $3, now())
  ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING (xmax = 0) AS made`;

const LINK = `
  INSERT INTO application_end_users (application_id, end_user_id, created_at) VALUES ($1, $2, now())
  ON CONFLICT DO NOTHING RETURNING end_user_id`;

/** In order, so that two applications that end at the same moment do not wait for each other. */
const LOCK = `
  SELECT e.id FROM end_users e JOIN application_end_users a ON a.end_user_id = e.id
  WHERE a.application_id = $1 AND ($2::text IS NULL OR e.api = $2) ORDER BY e.id FOR UPDATE OF e`;

const UNLINK =
  'DELETE FROM application_end_users WHERE application_id = $1 AND end_user_id = ANY($2::uuid[])';

const FORGET = `
  WITH gone AS (
    DELETE FROM end_users e WHERE e.id = ANY($1::uuid[])
      AND NOT EXISTS (SELECT 1 FROM application_end_users a WHERE a.end_user_id = e.id)
    RETURNING e.id)
  SELECT id FROM gone`;

@Injectable()
export class EndUsersRepository {
  /** Makes or keeps an end user, who is locked until the transaction ends. A custom_id that is not given stays as it is. */
  async ensure(
    manager: EntityManager,
    { id, api, email, customId }: Pick<EndUserRow, 'id' | 'api' | 'email'> & { customId: string | undefined },
  ): Promise<{ readonly row: EndUserRow; readonly isChanged: boolean }> {
    const [inserted] = await manager.query<{ made: boolean }[]>(ENSURE, [id, api, email]);
    const row = await manager.findOneByOrFail(EndUserRow, { id });
    if (customId === undefined || customId === row.customId)
      return { row, isChanged: inserted?.made === true };
    await manager.update(EndUserRow, { id }, { customId });
    return { row: { ...row, customId }, isChanged: true };
  }

  /** @returns false when the application has counted on him before */
  async link(manager: EntityManager, applicationId: string, endUserId: string): Promise<boolean> {
    return (await manager.query<unknown[]>(LINK, [applicationId, endUserId])).length === 1;
  }

  /** The application needs its end users no more, at one API or at all. @returns those whom nobody needs now, forgotten */
  async release(
    manager: EntityManager,
    applicationId: string,
    api: ApiName | undefined,
  ): Promise<{ readonly released: number; readonly gone: readonly string[] }> {
    const locked = await manager.query<{ id: string }[]>(LOCK, [applicationId, api ?? null]);
    const ids = locked.map(({ id }) => id);
    if (ids.length === 0) return { released: 0, gone: [] };
    await manager.query(UNLINK, [applicationId, ids]);
    const gone = await manager.query<{ id: string }[]>(FORGET, [ids]);
    return { released: ids.length, gone: gone.map(({ id }) => id) };
  }
}
