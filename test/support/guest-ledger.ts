import pg from 'pg';
import { KeycloakAdmin } from './keycloak-admin.js';

interface GuestRecord {
  readonly username: string;
  readonly userId: string | null;
  readonly state: string;
  /** What our row of the person says; null when we have none. */
  readonly guest: boolean | null;
  readonly knownAs: string | null;
}

const RECORDS = `
  SELECT g.username, g.user_id AS "userId", g.state, u.guest, u.username AS "knownAs"
  FROM guests g LEFT JOIN users u ON u.id = g.user_id`;

/** One read or write on a test's database, outside of auth-api. */
export async function sql<T extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/**
 * What is half made among all guests of a database, compared with Keycloak: empty when everybody is entirely a guest,
 * entirely a member, or not there at all.
 */
export async function halfMadeGuests(databaseUrl: string, admin: KeycloakAdmin): Promise<string[]> {
  const faults: string[] = [];
  for (const record of await sql<GuestRecord & pg.QueryResultRow>(databaseUrl, RECORDS)) {
    const problem = await judge(record, admin);
    if (problem !== undefined) faults.push(`${record.username} (${record.userId}): ${problem}`);
  }
  return faults;
}

async function judge(record: GuestRecord, admin: KeycloakAdmin): Promise<string | undefined> {
  const { state, userId, username } = record;
  if (state === 'creating' || state === 'upgrading') return `is still ${state}`;
  if (state === 'abandoned' || userId === null) {
    const { body } = await admin.request('GET', `/users?exact=true&username=${encodeURIComponent(username)}`);
    return (body as unknown[]).length === 0 ? undefined : `is ${state} and yet in Keycloak`;
  }
  const user = await admin.user(userId);
  if (user === undefined) return `is ${state} and not in Keycloak`;
  const isGuest = state === 'active';
  const expected = {
    attribute: String(isGuest),
    groups: isGuest ? ['guests'] : ['users'],
    role: isGuest ? 'guest' : 'user',
    ours: isGuest,
    name: user['username'],
  };
  const roles = await admin.realmRoles(userId);
  const found = {
    attribute: (user['attributes'] as Record<string, string[]> | undefined)?.['guest']?.[0],
    groups: await admin.groups(userId),
    role: ['guest', 'user'].filter((role) => roles.includes(role)).join(),
    ours: record.guest,
    name: record.knownAs,
  };
  const [wanted, is] = [JSON.stringify(expected), JSON.stringify(found)];
  return wanted === is ? undefined : `is ${state}; wanted ${wanted}, found ${is}`;
}
