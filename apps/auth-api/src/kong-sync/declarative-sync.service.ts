import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditService } from '../audit/index.js';
import { type DesiredConsumer, DesiredConsumers } from '../consumers/index.js';
import {
  configurationHash,
  type KongAdmin,
  type KongState,
  plan,
  type Plan,
  readConfiguration,
  strangersIn,
} from '#kong-admin';
import { LOGGER } from '#telemetry';
import { declarative, TOPOLOGY_TAG, withoutDatabase } from '../../../../kong/topology/index.js';
import { type ConsumerState, stateOf, TAG } from './consumer-state.js';
import { KongNode } from './kong-node.service.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { RealmKeysService } from './realm-keys.service.js';
import type { Reconciled, ReconcileOptions, SyncEngine } from './sync-engine.js';
import { SyncMetrics } from './sync-metrics.service.js';
import { TopologyFile } from './topology-file.service.js';
import { type Blocked, blockedOf, UnopenedCredentials } from './unopened-credentials.service.js';
import { wholeConfiguration } from './whole-configuration.js';

/** Each push empties the caches of a node: changes close to each other go together. */
const PUSH_EVERY_MS = 1000;
const MOST_AT_ONCE = 10_000;
/** Of a credential that can not be opened: a configuration is given as a whole, and can not leave it as it is. */
const LEFT_OUT = 'Kong is given the consumer without it, so its client is refused until it has a new one';

/** A whole configuration, which nobody has agreed to put in the place of what is there. */
export class PushHeld extends Error {}

interface Wanted {
  readonly state: ConsumerState;
  readonly topology: KongState;
  readonly text: string;
  readonly secrets: readonly string[];
  readonly blocked: readonly Blocked[];
}

/** Kong without a database: the whole configuration to every node that does not hold just this one. */
@Injectable()
export class DeclarativeSync implements SyncEngine {
  private pushedAt = -Infinity;
  /** What each node was last given by us: replacing that loses nothing of anybody else's. */
  private readonly given = new Map<string, string>();

  constructor(
    private readonly node: KongNode,
    private readonly desired: DesiredConsumers,
    private readonly file: TopologyFile,
    private readonly audit: AuditService,
    private readonly metrics: SyncMetrics,
    private readonly realmKeys: RealmKeysService,
    private readonly unopened: UnopenedCredentials,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  async plan(force: boolean): Promise<Plan> {
    const wanted = await this.wanted();
    return this.node.one(async (admin) => difference(wanted, await readConfiguration(admin), force));
  }

  async applyPending(signal: AbortSignal): Promise<void> {
    let batch = await this.desired.pending(MOST_AT_ONCE);
    if (batch.length === 0) return;
    const waitMs = this.pushedAt + PUSH_EVERY_MS - performance.now();
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      batch = await this.desired.pending(MOST_AT_ONCE);
    }
    if (signal.aborted) return;
    // Read after the batch: what is pushed is at least as new as what is marked.
    const wanted = await this.wanted();
    const results = await Promise.allSettled(this.node.all.map((admin) => this.push(admin, wanted, false)));
    const lost = results.find((each) => each.status === 'rejected');
    if (lost) throw lost.reason;
    await this.keep(batch);
  }

  async reconcile({ force }: ReconcileOptions): Promise<Reconciled> {
    const wanted = await this.wanted();
    let found = plan({}, {}, { tag: TAG });
    for (const admin of this.node.all) {
      const todo = await this.push(admin, wanted, force).catch((error: unknown) => {
        if (error instanceof PushHeld) return { ...found, held: error.message };
        throw error;
      });
      if (todo && (todo.held !== undefined || found.levels.length === 0)) found = todo;
    }
    const drift =
      found.held === undefined ? found.levels.reduce((sum, { steps }) => sum + steps.length, 0) : 0;
    return { plan: { ...found, blocked: wanted.blocked }, drift, failed: [] };
  }

  /** @returns what differed; undefined where the node holds this text. @throws {PushHeld} */
  private async push(admin: KongAdmin, wanted: Wanted, force: boolean): Promise<Plan | undefined> {
    try {
      await this.node.assertMode(admin);
      const { configurationHash: held } = await admin.status();
      if (held === configurationHash(wanted.text)) return undefined;
      const todo = held === this.given.get(admin.url) ? undefined : await this.judge(admin, wanted, force);
      await admin.load(wanted.text, wanted.secrets);
      this.given.set(admin.url, configurationHash(wanted.text));
      this.pushedAt = performance.now();
      this.metrics.wrote('load', 'config');
      this.logger.info({ node: admin.url, bytes: wanted.text.length }, 'configuration given to a Kong node');
      return todo;
    } catch (error) {
      this.metrics.failed(error);
      throw error;
    }
  }

  /** What is there was not put there by this process: it may be another's. @throws {PushHeld} */
  private async judge(admin: KongAdmin, wanted: Wanted, force: boolean): Promise<Plan> {
    const actual = await readConfiguration(admin);
    const todo = difference(wanted, actual, force);
    const strangers = strangersIn(actual, TAG).filter(
      ({ entity }) => entity.tags?.includes(TOPOLOGY_TAG) !== true,
    ).length;
    if (todo.held !== undefined) throw new PushHeld(`${admin.url}: ${todo.held}`);
    if (strangers > 0 && !force)
      throw new PushHeld(
        `${admin.url}: it holds ${strangers} entities that are not ours, which would be lost`,
      );
    return todo;
  }

  private async wanted(): Promise<Wanted> {
    const consumers: DesiredConsumer[] = [];
    for await (const page of this.desired.all()) consumers.push(...page);
    const all = stateOf(consumers, this.options.realm);
    const state = { ...all, oauth2: [], jwts: await this.realmKeys.desired() };
    const declared = await this.file.read();
    if (declared === undefined) throw new Error(`there is no topology file at ${this.options.topologyFile}`);
    const topology = withoutDatabase(declared);
    const secrets = state['key-auths'].map(({ key }) => String(key));
    const text = wholeConfiguration(declarative(topology), state);
    const unopened = consumers.filter((consumer) => consumer.unopened.length > 0);
    this.unopened.tell(unopened, LEFT_OUT);
    const blocked = blockedOf(unopened, LEFT_OUT);
    return { state, topology: topology as unknown as KongState, text, secrets, blocked };
  }

  private async keep(consumers: readonly DesiredConsumer[]): Promise<void> {
    await this.desired.markApplied(consumers, (manager) =>
      this.audit.recordAll(
        manager,
        consumers.map(({ id, removed }) => ({
          actor: undefined,
          action: 'kong.applied',
          target: `consumer:${id}`,
          origin: undefined,
          details: { steps: [removed ? 'configuration without it' : 'configuration with it'] },
        })),
      ),
    );
  }
}

/** Of both parts, for people: here they are written together. */
function difference({ state, topology, blocked }: Wanted, actual: KongState, force: boolean): Plan {
  const parts = [
    plan(topology, actual, { tag: TOPOLOGY_TAG, force }),
    plan(state, actual, { tag: TAG, force }),
  ] as const;
  return {
    levels: parts.flatMap(({ levels }) => levels),
    blocked,
    held: parts.map(({ held }) => held).find((held) => held !== undefined),
    unchanged: parts[0].unchanged + parts[1].unchanged,
    falling: parts[0].falling + parts[1].falling,
  };
}
