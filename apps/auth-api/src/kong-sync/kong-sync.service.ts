import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DesiredConsumers } from '../consumers/index.js';
import { KongNodes, type Plan } from '#kong-admin';
import { Database, Locks } from '#storage';
import { LOGGER } from '#telemetry';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { NodeWatch } from './node-watch.service.js';
import { RealmKeysService } from './realm-keys.service.js';
import { SYNC_ENGINE, type SyncEngine } from './sync-engine.js';
import { SyncMetrics } from './sync-metrics.service.js';
import { SyncStateRepository } from './sync-state.repository.js';

const LOCK = 'kong-sync';
/** Without being told: what a process committed before it died is found by another within this. */
const LOOK_EVERY_MS = 1000;
/** Another process is at work: it may have looked just before our change. */
const LOOK_AGAIN_MS = 200;
/** Kong does not answer: longer each time, in milliseconds, but it is heard of at once when it is back. */
const LONGEST_PAUSE_MS = 5000;

/**
 * Keeps Kong what it should be. Woken by each change here, by a node that is back, and by the clock; of several processes
 * the one that holds the lock works. What is to be done is read from PostgreSQL, so a death at any point loses nothing.
 */
@Injectable()
export class KongSync implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private readonly stop = new AbortController();
  private failures = 0;
  private told: string | undefined;

  constructor(
    watch: NodeWatch,
    realmKeys: RealmKeysService,
    private readonly consumers: DesiredConsumers,
    private readonly nodes: KongNodes,
    private readonly state: SyncStateRepository,
    private readonly database: Database,
    private readonly locks: Locks,
    private readonly metrics: SyncMetrics,
    @Inject(SYNC_ENGINE) private readonly engine: SyncEngine,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {
    consumers.onChange(() => this.wake());
    realmKeys.onChange(() => this.keysChanged());
    watch.onReturn(async () => {
      await this.request(false);
    });
  }

  /** Whether there is a Kong to keep. */
  get hasKong(): boolean {
    return this.nodes.urls.length > 0;
  }

  onApplicationBootstrap(): void {
    if (this.hasKong) void this.database.whenReady.then(() => this.wake());
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  /** The difference now; nothing is written. @throws {KongRefused} {KongUnreachable} */
  async plan(force = false): Promise<Plan> {
    return this.engine.plan(force);
  }

  /** Asks for a comparison of Kong as a whole, by whichever process applies. @returns when it was asked for */
  async request(force: boolean): Promise<Date> {
    const at = await this.state.request(force);
    this.wake();
    return at;
  }

  /** With a database they are written by whoever noticed; without one they are part of the whole configuration. */
  private keysChanged(): void {
    if (this.options.mode === 'db' || !this.hasKong) return;
    this.request(false).catch((error: unknown) =>
      this.logger.warn({ err: error }, 'changed realm keys reach Kong with the next comparison'),
    );
  }

  private wake(): void {
    if (this.stop.signal.aborted || !this.hasKong) return;
    if (this.running) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = this.turn().then((pauseMs) => {
      this.running = undefined;
      if (!this.stop.signal.aborted) this.timer = setTimeout(() => this.wake(), pauseMs).unref();
    });
  }

  /** @returns how long to pause */
  private async turn(): Promise<number> {
    try {
      for (;;) {
        this.again = false;
        const worked = await this.locks.ifFree(LOCK, (signal) => this.work(signal));
        await this.note();
        if (!worked) return LOOK_AGAIN_MS;
        this.succeeded();
        if (!this.again || this.stop.signal.aborted) return LOOK_EVERY_MS;
      }
    } catch (error) {
      return this.failed(error);
    }
  }

  private async work(lost: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([lost, this.stop.signal]);
    await this.engine.applyPending(signal);
    const { due, force } = await this.state.next(this.options.intervalMs);
    if (!due || signal.aborted) return;
    const began = new Date();
    const { plan, drift, failed } = await this.engine.reconcile({ force, signal });
    if (plan.held === undefined) this.metrics.drifted(drift);
    else
      this.logger.warn(
        { held: plan.held },
        'Kong is not touched: the plan waits for POST /kong/sync?force=true',
      );
    const blocked = [...plan.blocked.map(({ subject, why }) => `${subject}: ${why}`), ...failed];
    if (signal.aborted) return;
    await this.state.compared(began, { drift, blocked, held: plan.held });
  }

  /** What operators see, from every process: metrics, and since when Kong is what it should be. */
  private async note(): Promise<void> {
    const backlog = await this.consumers.backlog();
    this.metrics.backlog(backlog);
    const { reconciledAt, blocked, held, failure } = await this.state.read();
    const isWhole = reconciledAt !== null && blocked.length === 0 && held === null && failure === null;
    const isInSync = isWhole && backlog.waiting === 0;
    this.metrics.blocked(blocked.length);
    this.metrics.whole(isInSync);
    await this.state.judge(isInSync);
  }

  private succeeded(): void {
    if (this.failures > 0) this.logger.info('Kong is synchronised again');
    this.failures = 0;
    this.told = undefined;
  }

  private async failed(error: unknown): Promise<number> {
    this.failures += 1;
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.told) this.logger.warn({ err: error }, 'Kong not synchronised, trying again');
    this.told = message;
    this.metrics.failed(error);
    try {
      await this.state.failed(message);
      await this.note();
    } catch (cause) {
      this.logger.debug({ err: cause }, 'state of kong-sync not noted');
    }
    return Math.min(LONGEST_PAUSE_MS, LOOK_EVERY_MS * this.failures) * (0.5 + Math.random() / 2);
  }
}
