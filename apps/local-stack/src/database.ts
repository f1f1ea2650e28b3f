import pg from 'pg';
import { errorCode, StackFailure } from './failure.js';

/** True when a query is answered; any error is a no. */
export async function databaseAnswers(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false; // not up yet: asked again by the caller
  }
}

/**
 * Checks a database that the user gave us.
 *
 * @throws {StackFailure} it is unreachable or refuses us, with what to do
 */
export async function requireDatabase(url: string): Promise<void> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
  } catch (error) {
    throw new StackFailure(databaseReason(url, errorCode(error), error), error);
  }
}

/**
 * Creates a database unless it exists; safe when two do so at once.
 *
 * @throws {StackFailure} the user of `adminUrl` may not
 */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  try {
    await withClient(adminUrl, async (client) => {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    });
  } catch (error) {
    if (['42P04', '23505'].includes(errorCode(error) ?? '')) return; // the other one was faster
    const reason = `database ${name} cannot be created: ${message(error)}`;
    throw new StackFailure({ reason, advice: `create it by hand: createdb ${name}` }, error);
  }
}

/** The reason for each way in which somebody's DATABASE_URL can be wrong. The password is never part of it. */
export function databaseReason(url: string, code: string | undefined, error: unknown) {
  const { host, username, pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
      return {
        reason: `DATABASE_URL: nothing answers at ${host}`,
        advice: 'start that PostgreSQL, or unset DATABASE_URL',
      };
    case '28P01':
    case '28000':
      return {
        reason: `DATABASE_URL: ${host} refuses user ${username}`,
        advice: 'correct the user or password in it',
      };
    case '3D000':
      return {
        reason: `DATABASE_URL: no database ${database} at ${host}`,
        advice: `create it: createdb ${database}`,
      };
    default:
      return {
        reason: `DATABASE_URL: ${message(error)} (${host})`,
        advice: 'correct it, or unset it for one of ours',
      };
  }
}

/** The same server, another database. */
export function onDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.href;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the query that it breaks reports it
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined); // never connected, or cut off: nothing left to close
  }
}

function message(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}
