import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { KongNodes, type NodeRequest } from '#kong-admin';
import { LOGGER } from '#telemetry';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';

const NODE: NodeRequest = { operation: 'read-node', method: 'GET', path: '/keycloak-principal/node' };

/** Tells a node everything that it may have missed; throws when it did not take it. */
export type CatchUp = (node: string) => Promise<void>;

/**
 * Knows which gateway nodes have heard everything. Asks each for its boot id; one that started anew, that was not reached
 * with something, or that could not be asked, is caught up by whoever has something to say, at the first answer.
 */
@Injectable()
export class NodeWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly bootIds = new Map<string, string>();
  private readonly busy = new Set<string>();
  private readonly catchUps: CatchUp[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly nodes: KongNodes,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  /** Call it in a constructor. */
  onReturn(catchUp: CatchUp): void {
    this.catchUps.push(catchUp);
  }

  /** It was not reached with something. */
  lost(node: string, error: unknown): void {
    if (this.bootIds.delete(node))
      this.logger.warn({ err: error, node }, 'gateway node lost, to be caught up');
  }

  /** Nobody knows what they have heard. */
  lostAll(): void {
    this.bootIds.clear();
  }

  onApplicationBootstrap(): void {
    if (this.nodes.urls.length === 0) return;
    const look = () => this.nodes.urls.forEach((node) => void this.look(node));
    this.timer = setInterval(look, this.options.nodeWatchIntervalMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(node: string): Promise<void> {
    if (this.busy.has(node)) return;
    this.busy.add(node);
    try {
      const { boot_id: bootId } = (await this.nodes.ask(node, NODE)) as { boot_id: string };
      if (this.bootIds.get(node) === bootId) return;
      // Noted first, so that who loses it meanwhile is heard.
      this.bootIds.set(node, bootId);
      for (const catchUp of this.catchUps) await catchUp(node);
      this.logger.info({ node }, 'gateway node has heard everything');
    } catch (error) {
      this.lost(node, error);
    } finally {
      this.busy.delete(node);
    }
  }
}
