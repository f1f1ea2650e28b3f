import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import type { EntityManager } from 'typeorm';
import { countingClient } from './counting-client.js';
import { Database } from './database.js';
import { STORAGE_OPTIONS, type StorageOptions } from './options.js';
import { PROCESS_ID } from './process-identity.js';

/** A thing of `kind` with this id is no longer what it was: whoever has it cached forgets it. */
export interface Change {
  readonly kind: string;
  readonly id: string;
}

export interface FeedMark {
  readonly position: number;
  readonly gaps: number;
  readonly at: number;
}

interface Announcement extends Change {
  readonly announcement: string;
}

type Message = Announcement & { readonly processId: string };

const CHANGES = 'gatehouse_changes';
const SEEN = 'gatehouse_changes_seen';
const ALIVE = 'gatehouse_alive';
/** What a message of each channel has, as text. */
const FIELDS: Readonly<Record<string, readonly (keyof Message)[]>> = {
  [CHANGES]: ['kind', 'id', 'announcement'],
  [SEEN]: ['announcement', 'processId'],
  [ALIVE]: ['processId'],
};
/** For how long after a heartbeat was sent the feed counts as complete. */
const LEASE_MS = 1000;
const HEARTBEAT_MS = 250;
const RECONNECT_MS = 250;
/** A connection that answers nothing for so long is given up. */
const SILENCE_MS = 3 * LEASE_MS;
/** How many of the last changes are remembered for reads under way. */
const REMEMBERED = 10_000;

/**
 * Tells every process what changed, over LISTEN/NOTIFY, so that caches can be trusted.
 *
 * A process may trust its cache while it holds a lease: a heartbeat over the listening connection, answered, and sent
 * less than LEASE_MS ago. The heartbeat is a notification itself, and PostgreSQL hands them out in the order of their
 * commits: an answered one means that every change committed before has been heard, and whoever listens knows who may
 * hold a lease. Whoever must know that nobody acts on the old state any more waits for `confirmed`: until all of those
 * said so, or their leases ended. A process whose connection was cut, and who does not know yet, is waited for as well.
 */
@Injectable()
export class ChangeFeed implements OnApplicationShutdown {
  private client: pg.Client | undefined;
  private leaseEndsAt = -Infinity;
  private stopped = false;
  private position = 0;
  private gaps = 0;
  private recent: Change[] = [];
  /** When each process was last heard of, and since when nothing of that was missed. */
  private readonly heardAt = new Map<string, number>();
  private listeningSince: number | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private readonly listeners: ((change: Change) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];
  private readonly waiting = new Map<string, (processId: string) => void>();

  constructor(
    private readonly database: Database,
    @Inject(STORAGE_OPTIONS) private readonly options: StorageOptions,
  ) {
    void database.whenReady.then(() => this.connect());
  }

  /** Whether what a cache holds may be believed right now; else ask the database. */
  get isTrusted(): boolean {
    return performance.now() < this.leaseEndsAt;
  }

  /** `forget` runs for each change, in order, also those of this process; `forgetAll` when changes may have been missed. */
  subscribe(forget: (change: Change) => void, forgetAll: () => void): void {
    this.listeners.push(forget);
    this.gapListeners.push(forgetAll);
  }

  /** Where the feed stands, to be handed to `since` after a read. */
  mark(): FeedMark {
    return { position: this.position, gaps: this.gaps, at: performance.now() };
  }

  /**
   * What became of some things since a mark: `changed` means that a read begun at the mark may be out of date and must
   * be repeated; `unknown` that it may be used but not kept, because the feed was not complete meanwhile.
   */
  since(mark: FeedMark, things: readonly Change[]): 'changed' | 'unchanged' | 'unknown' {
    const missed = this.position - mark.position;
    if (missed > this.recent.length) return 'changed';
    const heard = missed === 0 ? [] : this.recent.slice(-missed);
    if (heard.some(({ kind, id }) => things.some((thing) => thing.kind === kind && thing.id === id)))
      return 'changed';
    if (this.isTrusted && this.gaps === mark.gaps) return 'unchanged';
    return performance.now() - mark.at > LEASE_MS / 2 ? 'changed' : 'unknown';
  }

  /** Announces a change with the transaction's commit; returns its name for `confirmed`. */
  private async announce(manager: EntityManager, { kind, id }: Change): Promise<string> {
    const announcement = randomUUID();
    const payload = JSON.stringify({ kind, id, announcement } satisfies Announcement);
    await manager.query('SELECT pg_notify($1, $2)', [CHANGES, payload]);
    return announcement;
  }

  /** Runs a transaction that makes changes, and resolves when no process acts on the old state any more. */
  async transaction<T>(
    work: (manager: EntityManager, announce: (change: Change) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const announcements: string[] = [];
    const seen = new Map<string, Set<string>>();
    try {
      const result = await this.database.transaction((manager) =>
        work(manager, async (change) => {
          const announcement = await this.announce(manager, change);
          announcements.push(announcement);
          seen.set(announcement, this.collect(announcement));
        }),
      );
      await this.confirmed(announcements, seen);
      return result;
    } finally {
      for (const announcement of announcements) this.waiting.delete(announcement);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.heartbeat);
    await this.client
      ?.end()
      .catch((error: unknown) => this.options.logger.debug({ err: error }, 'feed closing'));
  }

  private collect(announcement: string): Set<string> {
    const processes = new Set<string>();
    this.waiting.set(announcement, (processId) => processes.add(processId));
    return processes;
  }

  /** Polls, for acknowledgements come within two or three milliseconds. */
  private async confirmed(announcements: string[], seen: Map<string, Set<string>>): Promise<void> {
    const last = announcements.at(-1);
    if (last === undefined) return;
    const deadline = performance.now() + LEASE_MS;
    const acknowledged = seen.get(last) as Set<string>;
    while (performance.now() < deadline) {
      if (this.knowsLeases() && this.leaseHolders().every((processId) => acknowledged.has(processId))) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Who listens for less than a lease may have missed the heartbeat of somebody who has one. */
  private knowsLeases(): boolean {
    return this.listeningSince !== undefined && performance.now() - this.listeningSince >= LEASE_MS;
  }

  /** This process among them: what it has heard itself was committed after every heartbeat it knows of. */
  private leaseHolders(): string[] {
    const since = performance.now() - LEASE_MS;
    for (const [processId, at] of this.heardAt) if (at < since) this.heardAt.delete(processId);
    return [PROCESS_ID, ...this.heardAt.keys()];
  }

  private async connect(): Promise<void> {
    if (this.stopped) return;
    const client = new (countingClient('changes', this.options.logger))({
      connectionString: this.options.url,
      application_name: PROCESS_ID,
      connectionTimeoutMillis: 2000,
      query_timeout: SILENCE_MS,
      keepAlive: true,
    });
    let lost = false;
    const lose = (error?: unknown): void => {
      if (lost) return;
      lost = true;
      this.lose(client, error);
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ channel, payload }) => this.hear(client, channel, payload ?? ''));
    try {
      await client.connect();
      // A lost heartbeat is one that was not sent: nothing of this connection needs to survive a power cut.
      await client.query(`SET synchronous_commit = off; LISTEN ${CHANGES}; LISTEN ${SEEN}; LISTEN ${ALIVE}`);
      this.client = client;
      this.listeningSince = performance.now();
      this.forgetAll();
      this.beat(client, lose);
    } catch (error) {
      lose(error);
    }
  }

  private beat(client: pg.Client, lose: (error: unknown) => void): void {
    let waiting = false;
    const once = (): void => {
      if (waiting) return;
      waiting = true;
      const sentAt = performance.now();
      this.notify(client, ALIVE, { processId: PROCESS_ID }).then(() => {
        waiting = false;
        if (this.client === client) this.leaseEndsAt = sentAt + LEASE_MS;
      }, lose);
    };
    this.heartbeat = setInterval(once, HEARTBEAT_MS).unref();
    once();
  }

  private async notify(client: pg.Client, channel: string, message: object): Promise<void> {
    await client.query('SELECT pg_notify($1, $2)', [channel, JSON.stringify(message)]);
  }

  private hear(client: pg.Client, channel: string, payload: string): void {
    const message = parse(channel, payload);
    if (message === undefined) {
      this.options.logger.warn(
        { channel },
        'a notification that is not ours: everything cached is forgotten',
      );
      return this.forgetAll();
    }
    const { kind, id, announcement, processId } = message;
    if (channel === ALIVE) this.heardAt.set(processId, performance.now());
    else if (channel === SEEN) this.waiting.get(announcement)?.(processId);
    else {
      this.note({ kind, id });
      this.notify(client, SEEN, { announcement, processId: PROCESS_ID }).catch((error: unknown) =>
        this.options.logger.debug({ err: error }, 'acknowledgement not sent'),
      );
    }
  }

  private lose(client: pg.Client, error: unknown): void {
    if (this.client === client) this.client = undefined;
    this.leaseEndsAt = -Infinity;
    this.listeningSince = undefined;
    clearInterval(this.heartbeat);
    this.forgetAll();
    client.removeAllListeners('notification');
    client.end().catch((cause: unknown) => this.options.logger.debug({ err: cause }, 'lost feed closing'));
    if (this.stopped) return;
    this.options.logger.warn({ err: error }, 'change feed lost; caches are not used until it is back');
    setTimeout(() => void this.connect(), RECONNECT_MS).unref();
  }

  private note(change: Change): void {
    this.position++;
    this.recent.push(change);
    if (this.recent.length > 2 * REMEMBERED) this.recent = this.recent.slice(-REMEMBERED);
    for (const forget of this.listeners) forget(change);
  }

  private forgetAll(): void {
    this.gaps++;
    for (const forgetAll of this.gapListeners) forgetAll();
  }
}

/** What another process sent; undefined for what somebody else did. */
function parse(channel: string, payload: string): Message | undefined {
  try {
    const message = JSON.parse(payload) as Partial<Message> | null;
    const isOurs = FIELDS[channel]?.every((field) => typeof message?.[field] === 'string');
    return isOurs === true ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}
