import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { type KongAdmin, KongNodes } from '#kong-admin';
import { LOGGER } from '#telemetry';
import { fromYaml, loadTopology, type Topology, TOPOLOGY_TAG } from '../../../../kong/topology/index.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';

/** The topology that this service was given, for a Kong that has lost it or never had one. */
@Injectable()
export class TopologyFile {
  constructor(
    private readonly nodes: KongNodes,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  /**
   * Read anew each time: it may be replaced while we run, or written after we started.
   *
   * @returns undefined where there is no such file
   * @throws {UnreadableTopology}
   */
  async read(): Promise<Topology | undefined> {
    if (this.options.topologyFile === undefined) return undefined;
    try {
      return fromYaml(await readFile(this.options.topologyFile, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Loads it where there is nothing of a topology. One that is there is left alone, although it may be an older one:
   * `npm run kong:apply` is how a topology changes.
   */
  async loadIfMissing(admin: KongAdmin): Promise<void> {
    if (this.options.topologyFile === undefined) return;
    const services = await admin.list('services', { tag: TOPOLOGY_TAG });
    if (services.length > 0) return;
    const wanted = await this.read();
    if (wanted === undefined) return;
    this.logger.warn({ node: admin.url }, 'Kong has no topology: loading it');
    await loadTopology(this.nodes, admin.url, wanted);
  }
}
