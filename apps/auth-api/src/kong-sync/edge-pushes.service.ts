import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import { KongNodes, type NodeRequest } from '#kong-admin';
import { Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { NodeWatch } from './node-watch.service.js';

const TASK = 'kong-sync.push-key';
/** The job takes over where the push at once did not reach every node. */
const JOB_AFTER_SECONDS = 2;
/** Beyond that the jobs alone see to it. */
const MOST_MISSED = 10_000;

/** What happened to a key: it ended for good, or something about it changed and is to be asked for again. */
export interface KeyChange {
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  readonly revoked: boolean;
}

/**
 * Tells every gateway node what happened to an API key. Tried at once, so that a revoked key is refused from the
 * next request on; a job of the same transaction makes sure of it when a node, or we, are down at that moment. The job
 * waits longer after each attempt, so what a node missed is told as well as soon as it answers again.
 */
@Injectable()
export class EdgePushes {
  /** What each node has not confirmed, by hash. */
  private readonly missed = new Map<string, Map<string, KeyChange>>();

  constructor(
    private readonly jobs: Jobs,
    private readonly nodes: KongNodes,
    private readonly watch: NodeWatch,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.define<KeyChange>(TASK, (change) => this.pushByJob(change));
    watch.onReturn((node) => this.catchUp(node));
  }

  /** To be called in the transaction that ends or shortens a key. */
  async promise(manager: EntityManager, change: KeyChange): Promise<void> {
    if (this.nodes.urls.length === 0) return;
    await this.jobs.add(manager, TASK, change, { key: jobKey(change.hash), afterSeconds: JOB_AFTER_SECONDS });
  }

  /** After the commit: tells all nodes now. @returns how many have not confirmed; the job goes on with those */
  async pushNow(changes: readonly KeyChange[]): Promise<number> {
    const pending = new Set<string>();
    for (const failed of await Promise.all(changes.map((change) => this.push(change))))
      for (const node of failed) pending.add(node);
    return pending.size;
  }

  private async push(change: KeyChange): Promise<string[]> {
    if (this.nodes.urls.length === 0) return [];
    const failed = await this.tellAll(change);
    if (failed.size === 0) await this.dropJob(change.hash);
    return [...failed.keys()];
  }

  private async tellAll(change: KeyChange): Promise<ReadonlyMap<string, Error>> {
    const failed = await this.nodes.tellAll(request(change));
    for (const [node, error] of failed) {
      this.logger.warn({ err: error, node }, 'node not told of a key yet, a job goes on');
      this.remember(node, change);
      this.watch.lost(node, error);
    }
    return failed;
  }

  private remember(node: string, change: KeyChange): void {
    const missed = this.missed.get(node) ?? new Map<string, KeyChange>();
    this.missed.set(node, missed);
    if (missed.get(change.hash)?.revoked !== true) missed.set(change.hash, change);
    const [oldest] = missed.keys();
    if (missed.size > MOST_MISSED && oldest !== undefined) missed.delete(oldest);
  }

  private async catchUp(node: string): Promise<void> {
    const missed = this.missed.get(node);
    for (const [hash, change] of missed ?? []) {
      await this.nodes.ask(node, request(change));
      missed?.delete(hash);
    }
  }

  /** The job would only repeat what is done: losing this statement loses nothing. */
  private async dropJob(hash: string): Promise<void> {
    try {
      await this.jobs.remove(jobKey(hash));
    } catch (error) {
      this.logger.debug({ err: error }, 'needless job left to run');
    }
  }

  private async pushByJob(change: KeyChange): Promise<void> {
    const [failure] = (await this.tellAll(change)).values();
    if (failure !== undefined) throw failure;
  }
}

function request({ hash, revoked }: KeyChange): NodeRequest {
  const path = `/keycloak-apikey/keys/${hash}`;
  return revoked
    ? { operation: 'revoke-key', method: 'DELETE', path }
    : { operation: 'refresh-key', method: 'POST', path: `${path}/refresh` };
}

function jobKey(hash: string): string {
  return `${TASK}:${hash}`;
}
