import { defineProblem } from '#problem';

export const StorageUnavailable = defineProblem({
  type: 'storage/unavailable',
  status: 503,
  title: 'Database unavailable',
  detail: 'Our database cannot be reached at the moment. Nothing was changed. Try again shortly.',
  headers: () => ({ 'retry-after': '2' }),
  help: 'PostgreSQL is down, restarting or unreachable. auth-api reconnects by itself; look at /readyz and at DATABASE_URL.',
});

export const Busy = defineProblem<{ what: string }>({
  type: 'storage/busy',
  status: 503,
  title: 'Busy',
  detail: ({ what }) => `Another request is working on ${what}. Nothing was changed. Try again shortly.`,
  headers: () => ({ 'retry-after': '1' }),
  help: 'Requests about the same person are handled one after another, and this one waited too long for its turn.',
});

/** SQLSTATE classes 08 (connection), 57 (shutdown, crash, starting up, took too long) and 53 (resources): an outage, not a fault. */
const OUTAGE_STATE = /^(08|57|53)/;
const OUTAGE_CODE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
/** `already released`: TypeORM, when the connection was lost between two statements of a transaction. */
const OUTAGE_TEXT =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not established|Query read timeout|is not queryable|already released/i;

/** Whether an error of the database driver means that PostgreSQL cannot be reached, rather than refused the statement. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (OUTAGE_CODE.has(code) || OUTAGE_STATE.test(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  return OUTAGE_TEXT.test(error.message);
}

/** The SQLSTATE of a refused statement, such as 23505 for a unique violation; undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const state = code ?? driverError?.code;
  return typeof state === 'string' ? state : undefined;
}

/** Runs database work; an outage becomes the problem StorageUnavailable, everything else passes as it is. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error)) throw StorageUnavailable(undefined, { cause: error });
    throw error;
  }
}
