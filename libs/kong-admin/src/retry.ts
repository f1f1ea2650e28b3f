const FIRST_MS = 100;
const LONGEST_MS = 5000;
const LONGEST_ASKED_FOR_MS = 30_000;

/**
 * How long to wait before asking again: twice as long each time, anywhere in it so that many who failed together do not
 * come back together; when Kong said when, then not before.
 *
 * @param attempt the one that failed, from 1
 * @param random between 0 and 1
 */
export function retryDelayMs(attempt: number, random: number, retryAfterMs?: number): number {
  const backoff = random * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return retryAfterMs === undefined ? backoff : Math.min(LONGEST_ASKED_FOR_MS, retryAfterMs) + backoff;
}

/** `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
