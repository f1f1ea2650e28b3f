import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/index.js';
import { type DesiredConsumer, DesiredConsumers } from '../consumers/index.js';
import {
  type Entity,
  isJustSo,
  type KongAdmin,
  KongRefused,
  type KongState,
  plan,
  type Plan,
  readOurs,
  readState,
  type Step,
} from '#kong-admin';
import { Database } from '#storage';
import { type ConsumerState, emptyState, KINDS, stateOf, TAG } from './consumer-state.js';
import { KongNode } from './kong-node.service.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { PacedWriter } from './paced-writer.service.js';
import { PendingChanges } from './pending-changes.service.js';
import { sparingly } from './sparing.service.js';
import { groupsOf, ownerOf, type StepGroup } from './step-groups.js';
import { RealmKeysService } from './realm-keys.service.js';
import { entryOf } from './sync-audit.js';
import type { Reconciled, ReconcileOptions, SyncEngine } from './sync-engine.js';
import { SyncProgress } from './sync-progress.service.js';
import { TopologyFile } from './topology-file.service.js';
import { type Blocked, blockedOf, UnopenedCredentials } from './unopened-credentials.service.js';

/** So many consumers at a time; after them it is asked again what should go first. */
const BATCH = 200;
/** Of somebody whose credential can not be opened. */
const LEFT_ALONE = 'what Kong has of this consumer stays as it is';

interface Wanted {
  readonly state: ConsumerState;
  /** Consumers whose present state Kong does not have yet: that they differ is no drift. */
  readonly waiting: readonly string[];
  /** Left out of the state: they are not changed, and not removed. */
  readonly unopened: readonly DesiredConsumer[];
}

interface Alike {
  readonly count: number;
  readonly blocked: readonly Blocked[];
}

interface Compared {
  readonly plan: Plan;
  readonly actual: KongState;
  readonly waiting: readonly string[];
}

/**
 * Kong with a database: entity by entity, each consumer by one hand at a time, at the pace that Kong keeps up with. Every
 * write is a PUT or DELETE by a computed id, so a sync that was cut off is simply done again.
 */
@Injectable()
export class DatabaseSync implements SyncEngine {
  /** Whom a change has overtaken since the comparison under way read him. */
  private overtaken: Set<string> | undefined;

  constructor(
    private readonly node: KongNode,
    private readonly topology: TopologyFile,
    private readonly desired: DesiredConsumers,
    private readonly changes: PendingChanges,
    private readonly writer: PacedWriter,
    private readonly progress: SyncProgress,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly realmKeys: RealmKeysService,
    private readonly unopened: UnopenedCredentials,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {
    changes.onTaken = (id) => this.overtaken?.add(id);
  }

  async plan(force: boolean): Promise<Plan> {
    return this.node.one(async (admin) => (await this.compare(admin, force)).plan);
  }

  async applyPending(signal: AbortSignal): Promise<void> {
    await this.changes.apply(signal);
  }

  async reconcile({ force, signal }: ReconcileOptions): Promise<Reconciled> {
    this.overtaken = new Set();
    try {
      return await this.node.one(async (admin) => {
        await this.topology.loadIfMissing(admin);
        // What is usual costs little memory; what differs is read again, and kept.
        const alike = await sparingly(() => this.countAlike(admin));
        if (alike !== undefined) return nothingToDo(alike);
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

  /** How many there are, where nothing differs. */
  private async countAlike(admin: KongAdmin): Promise<Alike | undefined> {
    const [{ state, unopened }, jwts] = await Promise.all([this.wanted(), this.realmKeys.desired()]);
    const all = { ...state, jwts };
    const count = KINDS.reduce((sum, kind) => sum + all[kind].length, 0);
    this.unopened.tell(unopened, LEFT_ALONE);
    if (!(await isJustSo(admin, all, TAG, isOf(unopened)))) return undefined;
    return { count, blocked: blockedOf(unopened, LEFT_ALONE) };
  }

  private async compare(admin: KongAdmin, force: boolean): Promise<Compared> {
    const [{ state, waiting, unopened }, ours] = await Promise.all([
      this.wanted(),
      readOurs(admin, KINDS, TAG),
    ]);
    const isLeftAlone = isOf(unopened);
    const actual = without(await readState(admin, state, TAG, without(ours, isLeftAlone)), isLeftAlone);
    // Asked for after Kong was read: a key that came meanwhile is not taken for one that should be gone.
    const all = { ...state, jwts: await this.realmKeys.desired() };
    const todo = plan(all, actual, { tag: TAG, force });
    const blocked = [...todo.blocked, ...blockedOf(unopened, LEFT_ALONE)];
    return { plan: { ...todo, blocked }, actual, waiting };
  }

  private async wanted(): Promise<Wanted> {
    const state = emptyState();
    const waiting: string[] = [];
    const unopened: DesiredConsumer[] = [];
    for await (const page of this.desired.all()) {
      unopened.push(...page.filter((consumer) => consumer.unopened.length > 0));
      const more = stateOf(
        page.filter((consumer) => consumer.unopened.length === 0),
        this.options.realm,
      );
      for (const kind of KINDS) state[kind].push(...more[kind]);
      for (const { id, pending } of page) if (pending) waiting.push(id);
    }
    return { state, waiting, unopened };
  }

  /** What differs without any change of ours. What has been changed meanwhile goes first, and is left out here. */
  private async mend(
    admin: KongAdmin,
    groups: readonly StepGroup[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const failed: string[] = [];
    const progress = this.progress.of('differences');
    let recorded: Promise<void> = Promise.resolve();
    try {
      for (let at = 0; at < groups.length && !signal.aborted; at += BATCH) {
        if (at > 0) await this.applyPending(signal);
        const batch = groups.slice(at, at + BATCH).filter(({ owner }) => this.overtaken?.has(owner) !== true);
        const done: StepGroup[] = [];
        const settled = await Promise.allSettled(
          batch.map((group) => this.mendOne(admin, group, { done, failed })),
        );
        await recorded;
        // Written down while Kong has the next ones.
        recorded = this.record('kong.mended', done);
        recorded.catch(() => undefined);
        const lost = settled.find((each) => each.status === 'rejected');
        if (lost) throw lost.reason;
        progress.add(batch.length, groups.length);
      }
    } finally {
      await recorded;
    }
    progress.end();
    return failed;
  }

  /** What was done is told of, also when something else could not be done. */
  private async mendOne(
    admin: KongAdmin,
    { owner, steps }: StepGroup,
    { done, failed }: { done: StepGroup[]; failed: string[] },
  ): Promise<void> {
    const writer = this.writer.to(admin);
    const written: Step[] = [];
    try {
      for (const step of steps) {
        try {
          if (step.written) await writer.put(step.written.reveal(), step.subject);
          else await writer.remove(step.kind, step.id, step.subject);
          written.push(step);
        } catch (error) {
          if (!(error instanceof KongRefused)) throw error;
          failed.push(`${step.operation} ${step.subject}: ${error.message}`);
        }
      }
    } finally {
      done.push({ owner, steps: written });
    }
  }

  private async record(action: string, groups: readonly StepGroup[]): Promise<void> {
    const entries = groups
      .filter(({ steps }) => steps.length > 0)
      .map(({ owner, steps }) => entryOf(action, owner, steps));
    if (entries.length > 0)
      await this.database.transaction((manager) => this.audit.recordAll(manager, entries));
  }
}

/** Whether something in Kong is one of these, or belongs to one. */
function isOf(consumers: readonly DesiredConsumer[]): (entity: Entity) => boolean {
  const ids = new Set(consumers.map(({ id }) => id));
  return (entity) => ids.has(ownerOf(entity));
}

function without(state: KongState, isLeftOut: (entity: Entity) => boolean): KongState {
  const kept = Object.entries(state).map(([kind, entities]) => [
    kind,
    entities?.filter((entity) => !isLeftOut(entity)),
  ]);
  return Object.fromEntries(kept) as KongState;
}

function nothingToDo({ count, blocked }: Alike): Reconciled {
  const plan = { levels: [], blocked, held: undefined, unchanged: count, falling: 0 };
  return { plan, drift: 0, failed: [] };
}

function countOf(groups: readonly StepGroup[]): number {
  return groups.reduce((sum, { steps }) => sum + steps.length, 0);
}
