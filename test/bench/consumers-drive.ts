import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './consumers-target.js';
import type { Progress } from './progress.js';

/** Begun later than this second of a minute, a run would fall into two: Kong counts by the minutes of the clock. */
const LATEST_SECOND = 20;
const MINUTE_MS = 60_000;
const AT_ONCE = 10;

interface Client {
  readonly username: string;
  readonly key: string;
}

/** What one client was answered. */
export interface ClientRun {
  readonly username: string;
  /** Requests a minute, as the gateway says. */
  limit: number | undefined;
  accepted: number;
  refused: number;
  /** Anything but 2xx and 429. */
  failed: number;
  /** Accepted ones by the minute of the clock. */
  readonly byMinute: Map<number, number>;
}

export interface Run {
  readonly at: Date;
  readonly seconds: number;
  readonly clients: readonly ClientRun[];
  /** Answers of all clients, second by second. */
  readonly timeline: readonly { accepted: number; refused: number }[];
}

/** Registers so many clients, and waits where the address limit says so. */
export async function register({ authApiUrl }: Target, count: number, progress: Progress): Promise<Client[]> {
  const clients: Client[] = [];
  const one = async (number: number): Promise<void> => {
    clients.push(await registerOne(authApiUrl, number, progress));
    progress.say(`registered ${clients.length} of ${count} clients`);
  };
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await one(number);
  });
  await Promise.all(workers);
  progress.done(`${count} clients are registered, and their keys work`);
  return clients;
}

async function registerOne(authApiUrl: string, number: number, progress: Progress): Promise<Client> {
  const email = `load-${randomUUID()}@example.com`;
  for (;;) {
    const answer = await fetch(`${authApiUrl}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': email },
      body: JSON.stringify({ client_name: `Load ${number}`, email }),
    });
    const body = (await answer.json()) as { username: string; apikey: string; detail?: string };
    if (answer.status === 201) return { username: body.username, key: body.apikey };
    const again = answer.status === 202 ? 0 : Number(answer.headers.get('retry-after') ?? NaN);
    if (Number.isNaN(again)) throw new Error(`register: ${answer.status} ${body.detail}`);
    progress.say(
      answer.status === 202 ? 'the gateway does not have a key yet …' : `waiting ${again} s: ${body.detail}`,
    );
    await sleep(again * 1000);
  }
}

/** Each client sends one request after another, all clients at once. */
export async function drive(
  { gatewayUrl }: Target,
  clients: readonly Client[],
  requests: number,
  progress: Progress,
): Promise<Run> {
  await beginningOfAMinute(progress);
  const at = new Date();
  const timeline: { accepted: number; refused: number }[] = [];
  const runs = clients.map(({ username }): ClientRun => ({
    username,
    limit: undefined,
    accepted: 0,
    refused: 0,
    failed: 0,
    byMinute: new Map(),
  }));
  const tell = () => {
    const sum = (what: 'accepted' | 'refused' | 'failed') => runs.reduce((all, run) => all + run[what], 0);
    const [accepted, refused, failed] = [sum('accepted'), sum('refused'), sum('failed')];
    const sent = accepted + refused + failed;
    progress.say(
      `${sent} of ${clients.length * requests}: ${accepted} accepted, ${refused} refused, ${failed} failed`,
    );
  };
  await Promise.all(
    clients.map(async ({ key }, index) => {
      const run = runs[index] as ClientRun;
      for (let sent = 0; sent < requests; sent++) {
        const what = await ask(`${gatewayUrl}/api/get`, key, run);
        const second = Math.floor((Date.now() - at.getTime()) / 1000);
        for (let i = timeline.length; i <= second; i++) timeline.push({ accepted: 0, refused: 0 });
        const slot = timeline[second];
        if (slot !== undefined && what !== 'failed') slot[what] += 1;
        tell();
      }
    }),
  );
  progress.end();
  return { at, seconds: (Date.now() - at.getTime()) / 1000, clients: runs, timeline };
}

async function ask(url: string, key: string, run: ClientRun): Promise<'accepted' | 'refused' | 'failed'> {
  const what = await outcomeOf(url, key, run);
  run[what] += 1;
  const minute = Math.floor(Date.now() / MINUTE_MS);
  if (what === 'accepted') run.byMinute.set(minute, (run.byMinute.get(minute) ?? 0) + 1);
  return what;
}

async function outcomeOf(
  url: string,
  key: string,
  run: ClientRun,
): Promise<'accepted' | 'refused' | 'failed'> {
  try {
    const answer = await fetch(url, { headers: { apikey: key } });
    await answer.arrayBuffer();
    const limit = answer.headers.get('x-ratelimit-limit-minute');
    if (limit !== null) run.limit = Number(limit);
    return answer.ok ? 'accepted' : answer.status === 429 ? 'refused' : 'failed';
  } catch {
    return 'failed'; // counted: the gateway did not answer
  }
}

async function beginningOfAMinute(progress: Progress): Promise<void> {
  const secondNow = () => new Date().getSeconds();
  while (secondNow() > LATEST_SECOND) {
    progress.say(`limits are counted by the minutes of the clock: beginning in ${60 - secondNow()} s`);
    await sleep(1000);
  }
}
