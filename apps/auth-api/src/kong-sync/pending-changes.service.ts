import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/index.js';
import { type DesiredConsumer, DesiredConsumers } from '../consumers/index.js';
import {
  apply,
  blockedLine,
  type KongAdmin,
  KongRefused,
  type KongState,
  plan,
  readConsumer,
  readSmallKinds,
  type Step,
} from '#kong-admin';
import { LOGGER } from '#telemetry';
import { stateOf, TAG } from './consumer-state.js';
import { inLanes } from './lanes.js';
import { KongNode } from './kong-node.service.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { PacedWriter } from './paced-writer.service.js';
import { entryOf } from './sync-audit.js';
import { SyncProgress } from './sync-progress.service.js';

/** So many consumers at a time; after them it is asked again what should go first. */
const BATCH = 100;
/** While PostgreSQL notes what is done and says what is next, Kong has another batch to work on. */
const LANES = 2;
const KEEP_EVERY_MS = 100;

/** What was done to a consumer, or why it was not. */
interface Outcome {
  readonly consumer: DesiredConsumer;
  readonly steps: readonly Step[];
  readonly refusal: string | undefined;
}

/** Brings to Kong what has been changed here, each consumer by one hand, what should be gone before anything else. */
@Injectable()
export class PendingChanges {
  /** Told of each consumer that is taken up. */
  onTaken: ((id: string) => void) | undefined;

  constructor(
    private readonly node: KongNode,
    private readonly desired: DesiredConsumers,
    private readonly audit: AuditService,
    private readonly writer: PacedWriter,
    private readonly progress: SyncProgress,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  /** @throws {KongUnreachable} the rest waits on */
  async apply(signal: AbortSignal): Promise<void> {
    const progress = this.progress.of('changes');
    const taken = new Set<string>();
    let removals: Promise<unknown> = Promise.resolve();
    const next = async () => {
      const batch = signal.aborted ? [] : await this.desired.pending(BATCH, [...taken]);
      const removed = batch.filter((each) => each.removed);
      // By the time that these are gone there may be more of them: what is to be made is asked for after the last.
      const first = removed.length > 0 ? removed : batch;
      for (const { id } of first) taken.add(id);
      return first;
    };
    const work = async (batch: readonly DesiredConsumer[]) => {
      if (batch.some((each) => each.removed)) {
        const gone = this.toNode(batch, true);
        removals = Promise.allSettled([removals, gone]);
        await gone;
      } else {
        // One that the other lane removes may hold the name that one of these is to have.
        await removals;
        await this.toNode(batch, false);
      }
      for (const { id } of batch) taken.delete(id);
      progress.add(batch.length);
    };
    await inLanes({ next, work, full: BATCH, lanes: LANES });
    progress.end();
  }

  private async toNode(consumers: readonly DesiredConsumer[], isUrgent: boolean): Promise<void> {
    await this.node.one((admin) => this.applyAll(admin, consumers, isUrgent));
  }

  /** One that Kong is slow with does not hold up what is known of the others. */
  private async applyAll(
    admin: KongAdmin,
    consumers: readonly DesiredConsumer[],
    isUrgent: boolean,
  ): Promise<void> {
    const whole = await readSmallKinds(admin, consumers.filter(({ isNew }) => !isNew).length);
    const outcomes: Outcome[] = [];
    const lost: { consumer: DesiredConsumer; error: Error }[] = [];
    const all = Promise.all(
      consumers.map(async (consumer) => {
        this.onTaken?.(consumer.id);
        try {
          outcomes.push(await this.applyOne(admin, consumer, { whole, isUrgent }));
        } catch (error) {
          lost.push({ consumer, error: error as Error });
        }
      }),
    ).then(() => true);
    while (!(await Promise.race([all, sleep(KEEP_EVERY_MS, false)]))) await this.keep(outcomes.splice(0));
    await this.keep(outcomes.splice(0));
    if (lost.length === 0) return;
    // Throws when Kong is away; else it is about these, and the others need not wait for them.
    await admin.status();
    await this.keep(lost.map(({ consumer, error }) => ({ consumer, steps: [], refusal: error.message })));
  }

  /** Reads what Kong has of this consumer, unless it never had any, and writes what differs. */
  private async applyOne(
    admin: KongAdmin,
    consumer: DesiredConsumer,
    { whole, isUrgent }: { whole: KongState; isUrgent: boolean },
  ): Promise<Outcome> {
    const wanted = stateOf([consumer], this.options.realm);
    const read = () => readConsumer(admin, consumer.id, whole);
    try {
      const actual = consumer.isNew ? {} : await this.writer.read(read, isUrgent);
      const todo = plan(wanted, actual, { tag: TAG, force: true });
      const writer = this.writer.to(admin, isUrgent);
      const failures = await apply(todo, writer, { parallel: 1, carryOn: true });
      const steps = todo.levels.flatMap((level) => level.steps);
      const refusals = [...todo.blocked.map(blockedLine), ...failures.map(({ error }) => error.message)];
      return { consumer, steps, refusal: refusals[0] };
    } catch (error) {
      if (!(error instanceof KongRefused)) throw error;
      return { consumer, steps: [], refusal: error.message };
    }
  }

  private async keep(outcomes: readonly Outcome[]): Promise<void> {
    const done = outcomes.filter(({ refusal }) => refusal === undefined);
    await this.desired.markApplied(
      done.map(({ consumer }) => consumer),
      (manager) =>
        this.audit.recordAll(
          manager,
          done.map(({ consumer, steps }) => entryOf('kong.applied', consumer.id, steps)),
        ),
    );
    for (const { consumer, refusal } of outcomes)
      if (refusal !== undefined) {
        this.logger.warn(
          { consumer: consumer.id, refusal },
          'Kong refuses a consumer, it is tried again later',
        );
        await this.desired.markRefused(consumer, refusal);
      }
  }
}
