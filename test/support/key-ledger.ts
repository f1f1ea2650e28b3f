import { sql } from './guest-ledger.js';
import type { KeycloakAdmin } from './keycloak-admin.js';

/** Owners of keys whose attribute in Keycloak is not exactly what our rows say. */
export async function mirrorFaults(databaseUrl: string, admin: KeycloakAdmin): Promise<string[]> {
  const owners = await sql<{ id: string; wanted: string }>(
    databaseUrl,
    `SELECT user_id AS id, coalesce(string_agg(id || ':' || hash, ',' ORDER BY id)
              FILTER (WHERE revoked_at IS NULL AND expires_at > now()), '') AS wanted
     FROM api_keys GROUP BY user_id`,
  );
  const faults: string[] = [];
  for (const { id, wanted } of owners) {
    const user = await admin.user(id);
    const found = [...((user?.['attributes'] as Record<string, string[]>)?.['api_keys'] ?? [])].sort().join();
    if (found !== wanted) faults.push(`mirror of ${id}: wanted ${wanted}, found ${found}`);
  }
  return faults;
}

/** Jobs that are not done, with the key that names whom they are about. */
export async function waitingJobs(databaseUrl: string): Promise<string[]> {
  const rows = await sql<{ job: string }>(
    databaseUrl,
    `SELECT coalesce(j.key, t.identifier) || ' attempts ' || j.attempts || ' locked by ' || coalesce(j.locked_by, '-') AS job
     FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
     WHERE t.identifier <> 'guests.settle'
       -- graphile-worker keeps a job that a newer one of the same key has replaced, and never runs it.
       AND NOT (j.key IS NULL AND j.attempts >= j.max_attempts)`,
  );
  return rows.map(({ job }) => job);
}
