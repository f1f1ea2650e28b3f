import { Injectable, Inject, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { type AccountEvent, KeycloakEvents } from '#keycloak';
import { Database, Locks } from '#storage';
import { LOGGER, registry } from '#telemetry';
import { USERS_OPTIONS, type UsersOptions } from './users.options.js';
import { UsersService } from './users.service.js';

/** Keycloak stamps an event before it commits it: look back this far so that a late one is not missed. */
const OVERLAP_MS = 10_000;
const PARALLEL_READS = 4;

/** Before the first look: whom we have not met yet cannot have changed unnoticed. */
const CURSOR = `
  SELECT floor(coalesce((SELECT position FROM user_events_cursor),
                        extract(epoch FROM coalesce((SELECT min(read_at) FROM users), now())) * 1000)) AS position`;

const lastLook = new Gauge({
  name: 'user_events_last_success_timestamp_seconds',
  help: 'When Keycloak was last asked for changes of users with success, by any process.',
  registers: [registry],
});

/**
 * Hears of changes to users in Keycloak by asking it every USER_EVENTS_INTERVAL_MS, from one process at a time. What was
 * heard is handled before the cursor moves, so a crash only means handling it again, which changes nothing.
 *
 * Somebody we never met may hold a token of Keycloak's own that the gateway has let in: a change that can have disabled
 * him is read as well. Other changes of strangers are not.
 */
@Injectable()
export class UserEventsService implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private currentAt = -Infinity;
  private readonly handled = new Map<string, number>();

  constructor(
    private readonly users: UsersService,
    private readonly events: KeycloakEvents,
    private readonly database: Database,
    private readonly locks: Locks,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(USERS_OPTIONS) private readonly options: UsersOptions,
  ) {}

  onApplicationBootstrap(): void {
    void this.database.whenReady.then(() => this.next());
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** For how long changes may have gone unnoticed, in milliseconds; Infinity until the first look of any process. */
  get ageMs(): number {
    return performance.now() - this.currentAt;
  }

  private async next(): Promise<void> {
    try {
      await this.locks.ifFree('keycloak user events', () => this.look());
    } catch (error) {
      this.logger.warn({ err: error }, 'changes of users not read, trying again');
    }
    await this.noteAge();
    if (!this.stopped) this.timer = setTimeout(() => void this.next(), this.options.eventsIntervalMs).unref();
  }

  private async look(): Promise<void> {
    const cursor = await this.cursor();
    const news = (await this.events.since(cursor - OVERLAP_MS)).filter(({ key }) => !this.handled.has(key));
    const foreign = news.filter(({ own }) => !own);
    const known = await this.users.known([...new Set(foreign.map(({ userId }) => userId))]);
    const people = [
      ...new Set([...known, ...foreign.filter(({ mayEnd }) => mayEnd).map(({ userId }) => userId)]),
    ];
    for (let at = 0; at < people.length; at += PARALLEL_READS)
      await Promise.all(people.slice(at, at + PARALLEL_READS).map((id) => this.hear(id)));
    const met = new Set(people);
    await this.advance(news, ({ own, userId }) => own || met.has(userId), cursor);
  }

  private async noteAge(): Promise<void> {
    try {
      const [row] = await this.database.run<{ age_ms: string }>(
        {
          name: 'user-events-age',
          text: 'SELECT extract(epoch FROM now() - looked_at) * 1000 AS age_ms FROM user_events_cursor',
        },
        [],
      );
      if (row === undefined) return;
      this.currentAt = performance.now() - Number(row.age_ms);
      lastLook.set((Date.now() - Number(row.age_ms)) / 1000);
    } catch (error) {
      this.logger.debug({ err: error }, 'age of user events unknown');
    }
  }

  private async hear(userId: string): Promise<void> {
    const user = await this.users.reread(userId);
    if (user === undefined) await this.users.markDeleted(userId);
  }

  private async cursor(): Promise<number> {
    const [row] = await this.database.run<{ position: string }>(
      { name: 'user-events-cursor', text: CURSOR },
      [],
    );
    return Number(row?.position);
  }

  /** Our own changes move the cursor too, else each look would read all of them again. What was heard of people we have not met stays new for OVERLAP_MS: they may be met by a read made before it. */
  private async advance(
    news: readonly AccountEvent[],
    isHandled: (event: AccountEvent) => boolean,
    cursor: number,
  ): Promise<void> {
    const position = news.reduce((latest, { time }) => Math.max(latest, time), cursor);
    for (const event of news) if (isHandled(event)) this.handled.set(event.key, event.time);
    for (const [key, time] of this.handled) if (time < position - 2 * OVERLAP_MS) this.handled.delete(key);
    await this.database.run(
      {
        name: 'user-events-advance',
        text: `INSERT INTO user_events_cursor AS c (only_row, position, looked_at) VALUES (true, $1, now())
               ON CONFLICT (only_row) DO UPDATE SET position = greatest(c.position, excluded.position), looked_at = now()`,
      },
      [position],
    );
  }
}
