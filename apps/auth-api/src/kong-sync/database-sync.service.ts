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
  type KongWriter,
  Pace,
  plan,
  type Plan,
  readConsumer,
  readOurs,
  readSmallKinds,
  readState,
  type Step,
} from '#kong-admin';
import { Database } from '#storage';
import { LOGGER } from '#telemetry';
import { KINDS, stateOf, TAG } from './consumer-state.js';
import { KongNode } from './kong-node.service.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { groupsOf, type StepGroup } from './step-groups.js';
import { RealmKeysService } from './realm-keys.service.js';
import type { Reconciled, ReconcileOptions, SyncEngine } from './sync-engine.js';
import { SyncMetrics } from './sync-metrics.service.js';
import { SyncStateRepository } from './sync-state.repository.js';
import { TopologyFile } from './topology-file.service.js';

/** So many consumers at a time; after them it is asked again what should go first. */
const BATCH = 200;
const KEEP_EVERY_MS = 100;
const PROGRESS_EVERY_MS = 2000;

/** What was done to a consumer, or why it was not. */
interface Outcome {
  readonly consumer: DesiredConsumer;
  readonly steps: readonly Step[];
  readonly refusal: string | undefined;
}

interface Compared {
  readonly plan: Plan;
  readonly actual: KongState;
  /** Consumers whose present state Kong does not have yet: that they differ is no drift. */
  readonly waiting: readonly string[];
}

/**
 * Kong with a database: entity by entity, each consumer by one hand at a time, at the pace that Kong keeps up with. Every
 * write is a PUT or DELETE by a computed id, so a sync that was cut off is simply done again.
 */
@Injectable()
export class DatabaseSync implements SyncEngine {
  private readonly pace = new Pace();
  /** Whom a change has overtaken since the comparison under way read him. */
  private overtaken: Set<string> | undefined;

  constructor(
    private readonly node: KongNode,
    private readonly topology: TopologyFile,
    private readonly desired: DesiredConsumers,
    private readonly state: SyncStateRepository,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly metrics: SyncMetrics,
    private readonly realmKeys: RealmKeysService,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  async plan(force: boolean): Promise<Plan> {
    return this.node.one(async (admin) => (await this.compare(admin, force)).plan);
  }

  async applyPending(signal: AbortSignal): Promise<void> {
    const progress = this.progress('changes');
    for (;;) {
      const batch = signal.aborted ? [] : await this.desired.pending(BATCH);
      if (batch.length === 0) return progress.end();
      const isRemoved = ({ removed }: DesiredConsumer) => removed;
      await this.node.one(async (admin) => {
        await this.applyAll(admin, batch.filter(isRemoved));
        await this.applyAll(
          admin,
          batch.filter((each) => !isRemoved(each)),
        );
      });
      progress.add(batch.length);
    }
  }

  async reconcile({ force, signal }: ReconcileOptions): Promise<Reconciled> {
    this.overtaken = new Set();
    try {
      return await this.node.one(async (admin) => {
        await this.topology.loadIfMissing(admin);
        const compared = await this.compare(admin, force);
        if (compared.plan.held !== undefined) return { plan: compared.plan, drift: 0, failed: [] };
        const waits = new Set(compared.waiting);
        const groups = groupsOf(compared.plan, compared.actual).filter(({ owner }) => !waits.has(owner));
        return {
          plan: compared.plan,
          drift: countOf(groups),
          failed: await this.mend(admin, groups, signal),
        };
      });
    } finally {
      this.overtaken = undefined;
    }
  }

  private async compare(admin: KongAdmin, force: boolean): Promise<Compared> {
    const [{ wanted, waiting }, ours] = await Promise.all([this.wanted(), readOurs(admin, KINDS, TAG)]);
    const actual = await readState(admin, wanted, TAG, ours);
    // Asked for after Kong was read: a key that came meanwhile is not taken for one that should be gone.
    const all = { ...wanted, jwts: await this.realmKeys.desired() };
    return { plan: plan(all, actual, { tag: TAG, force }), actual, waiting };
  }

  private async wanted() {
    const consumers: DesiredConsumer[] = [];
    for await (const page of this.desired.all()) consumers.push(...page);
    const waiting = consumers.filter(({ pending }) => pending).map(({ id }) => id);
    return { wanted: stateOf(consumers, this.options.realm), waiting };
  }

  /** What differs without any change of ours. What has been changed meanwhile goes first, and is left out here. */
  private async mend(
    admin: KongAdmin,
    groups: readonly StepGroup[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const failed: string[] = [];
    const progress = this.progress('differences');
    for (let at = 0; at < groups.length && !signal.aborted; at += BATCH) {
      if (at > 0) await this.applyPending(signal);
      const batch = groups.slice(at, at + BATCH).filter(({ owner }) => this.overtaken?.has(owner) !== true);
      const done = await settleAll(batch, (group) => this.mendOne(admin, group, failed));
      await this.record('kong.mended', done);
      progress.add(batch.length, groups.length);
    }
    progress.end();
    return failed;
  }

  private async mendOne(admin: KongAdmin, { owner, steps }: StepGroup, failed: string[]): Promise<StepGroup> {
    const writer = this.writerTo(admin);
    const done: Step[] = [];
    for (const step of steps) {
      try {
        if (step.written) await writer.put(step.written.reveal(), step.subject);
        else await writer.remove(step.kind, step.id, step.subject);
        done.push(step);
      } catch (error) {
        if (!(error instanceof KongRefused)) throw error;
        failed.push(`${step.operation} ${step.subject}: ${error.message}`);
      }
    }
    return { owner, steps: done };
  }

  /** One that Kong is slow with does not hold up what is known of the others. */
  private async applyAll(admin: KongAdmin, consumers: readonly DesiredConsumer[]): Promise<void> {
    const whole = await readSmallKinds(admin, consumers.filter(({ isNew }) => !isNew).length);
    const outcomes: Outcome[] = [];
    const lost: { consumer: DesiredConsumer; error: Error }[] = [];
    const all = Promise.all(
      consumers.map(async (consumer) => {
        this.overtaken?.add(consumer.id);
        try {
          outcomes.push(await this.applyOne(admin, consumer, whole));
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
  private async applyOne(admin: KongAdmin, consumer: DesiredConsumer, whole: KongState): Promise<Outcome> {
    const wanted = stateOf([consumer], this.options.realm);
    const read = () => readConsumer(admin, consumer.id, whole);
    try {
      const actual = consumer.isNew ? {} : await this.pace.run(read, 0);
      const todo = plan(wanted, actual, { tag: TAG, force: true });
      const failures = await apply(todo, this.writerTo(admin), { parallel: 1, carryOn: true });
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

  private async record(action: string, groups: readonly StepGroup[]): Promise<void> {
    const entries = groups
      .filter(({ steps }) => steps.length > 0)
      .map(({ owner, steps }) => entryOf(action, owner, steps));
    if (entries.length > 0)
      await this.database.transaction((manager) => this.audit.recordAll(manager, entries));
  }

  /** One write at Kong's pace, counted. */
  private writerTo(admin: KongAdmin): KongWriter {
    const counted = async (operation: string, kind: string, write: () => Promise<void>, events = 1) => {
      try {
        await this.pace.run(write, events);
        this.metrics.wrote(operation, kind);
      } catch (error) {
        this.metrics.failed(error);
        throw error;
      }
    };
    return {
      put: (item, subject) => counted('put', item.kind, () => admin.put(item, subject)),
      // With a consumer goes what belongs to it, most often a key.
      remove: (kind, id, subject) => counted('delete', kind, () => admin.remove(kind, id, subject), 2),
    };
  }

  /** Of much at once something is heard every few seconds: in the log and in /kong/status. */
  private progress(what: string) {
    const began = performance.now();
    let [done, told] = [0, began];
    return {
      add: (count: number, total?: number) => {
        done += count;
        if (performance.now() - told < PROGRESS_EVERY_MS) return;
        told = performance.now();
        this.logger.info({ what, done, total, in_flight: this.pace.limit }, 'Kong is being synchronised');
        this.state
          .progress(done, total)
          .catch((error: unknown) => this.logger.debug({ err: error }, 'progress not noted'));
      },
      end: () => {
        if (done === 0) return;
        const tookMs = Math.round(performance.now() - began);
        this.logger.info({ what, done, took_ms: tookMs }, 'Kong synchronised');
      },
    };
  }
}

function countOf(groups: readonly StepGroup[]): number {
  return groups.reduce((sum, { steps }) => sum + steps.length, 0);
}

function entryOf(action: string, consumerId: string, steps: readonly Step[]) {
  return {
    actor: undefined,
    action,
    target: `consumer:${consumerId}`,
    origin: undefined,
    details: { steps: steps.map(({ operation, subject }) => `${operation} ${subject}`) },
  };
}

/** All of them, also when one fails; what failed is thrown when the others have ended. */
async function settleAll<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const settled = await Promise.allSettled(all.map(work));
  const lost = settled.find((each) => each.status === 'rejected');
  if (lost) throw lost.reason;
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
