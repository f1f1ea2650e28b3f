import { Inject, Injectable } from '@nestjs/common';
import { KongAdmin, KongNodes, KongUnreachable } from '#kong-admin';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';

/** Kong runs otherwise than we were told. */
export class WrongMode extends Error {
  constructor(node: string, mode: string, wanted: string) {
    super(
      `KONG_MODE is ${wanted}, but Kong at ${node} runs ${mode === 'db' ? 'with' : 'without'} a database`,
    );
    this.name = 'WrongMode';
  }
}

/** Which node is written to. With a database they share it, so one that answers will do. */
@Injectable()
export class KongNode {
  private admins: readonly KongAdmin[];
  private at = 0;
  private checked = new Set<string>();

  constructor(
    nodes: KongNodes,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {
    this.admins = nodes.urls.map((url) => new KongAdmin(nodes, url));
  }

  get all(): readonly KongAdmin[] {
    return this.admins;
  }

  /** Runs work with one node; with the next one where that does not answer. @throws {WrongMode} */
  async one<T>(work: (admin: KongAdmin) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      const admin = this.admins[this.at % this.admins.length];
      if (admin === undefined) throw new Error('KONG_ADMIN_URLS is empty');
      try {
        await this.assertMode(admin);
        return await work(admin);
      } catch (error) {
        if (!(error instanceof KongUnreachable)) throw error;
        this.checked.delete(admin.url);
        // Others may have had the same of it at the same time.
        if (this.admins[this.at % this.admins.length] === admin) this.at += 1;
        if (tried >= this.admins.length) throw error;
      }
    }
  }

  async assertMode(admin: KongAdmin): Promise<void> {
    if (this.checked.has(admin.url)) return;
    const { mode } = await admin.status();
    if (mode !== this.options.mode) throw new WrongMode(admin.url, mode, this.options.mode);
    this.checked.add(admin.url);
  }
}
