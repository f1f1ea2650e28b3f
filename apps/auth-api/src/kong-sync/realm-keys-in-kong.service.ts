import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { KongNodes, KongUnreachable } from '#kong-admin';
import { type Fields, TAG } from './consumer-state.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { credentialOf, REALM_KEY_TAG, type RealmKey } from './realm-key.js';
import { REALM_KEYS_OPTIONS, type RealmKeysOptions } from './realm-keys.options.js';
import { SyncMetrics } from './sync-metrics.service.js';

const ASK_AGAIN_MS = 100;
const FIELDS = ['key', 'algorithm', 'rsa_public_key'] as const;

/**
 * The realm's keys as credentials for Kong's own jwt plugin. Nothing waits here for a node that hangs: each request is
 * sent once, and what did not succeed is found by the next look.
 */
@Injectable()
export class RealmKeysInKong {
  constructor(
    private readonly nodes: KongNodes,
    private readonly metrics: SyncMetrics,
    @Inject(KONG_SYNC_OPTIONS) private readonly kong: KongSyncOptions,
    @Inject(REALM_KEYS_OPTIONS) private readonly options: RealmKeysOptions,
  ) {}

  /** What should be there: nothing where our own plugin reads the keys itself. */
  desired(keys: readonly RealmKey[]): readonly Fields[] {
    return this.options.stockPlugin ? keys.map((key) => credentialOf(key, this.options.realm)) : [];
  }

  /**
   * Compares what a Kong with a database has and writes what differs; without one the keys travel with its whole
   * configuration. Every node may be written to, as they share the database.
   *
   * @returns kids that were written or taken away
   * @throws {KongRefused} {KongUnreachable}
   */
  async apply(keys: readonly RealmKey[]): Promise<readonly string[]> {
    if (!this.options.stockPlugin || this.kong.mode !== 'db') return [];
    const wanted = this.desired(keys);
    for (const [tried, url] of this.nodes.urls.entries()) {
      try {
        return await this.applyTo(url, wanted);
      } catch (error) {
        this.metrics.failed(error);
        if (!(error instanceof KongUnreachable) || tried + 1 === this.nodes.urls.length) throw error;
      }
    }
    return [];
  }

  /**
   * Has every node read the realm's keys, for our plugin, and forget what it remembers of these kids, for Kong's: a
   * credential that is gone now, or that there was none when somebody tried.
   *
   * @returns the nodes that did not, and why
   */
  refreshNodes(kids: readonly string[]): Promise<ReadonlyMap<string, Error>> {
    const path = '/keycloak-jwt/keys/refresh';
    return this.nodes.tellAll({ operation: 'refresh-keys', method: 'POST', path, body: { kids } });
  }

  /** The nodes that hold other keys than these, once `withinMs` have passed or there are none. */
  async behind(keys: readonly RealmKey[], withinMs: number): Promise<readonly string[]> {
    if (!this.options.stockPlugin) return [];
    const wanted = this.desired(keys);
    for (const deadline = performance.now() + withinMs; ;) {
      const asked = await Promise.all(
        this.nodes.urls.map(async (url) => ((await this.holds(url, wanted)) ? [] : [url])),
      );
      const behind = asked.flat();
      if (behind.length === 0 || performance.now() >= deadline) return behind;
      await sleep(ASK_AGAIN_MS);
    }
  }

  private async holds(url: string, wanted: readonly Fields[]): Promise<boolean> {
    try {
      const { missing, stale } = difference(wanted, await this.read(url));
      return missing.length + stale.length === 0;
    } catch (error) {
      this.metrics.failed(error);
      return false;
    }
  }

  private async applyTo(url: string, wanted: readonly Fields[]): Promise<readonly string[]> {
    const { missing, stale } = difference(wanted, await this.read(url));
    for (const { id, key: kid } of stale) {
      const subject = `jwt credential of kid ${String(kid)}`;
      await this.nodes.ask(url, { operation: 'delete-jwts', method: 'DELETE', path: `/jwts/${id}`, subject });
      this.metrics.wrote('delete', 'jwts');
    }
    for (const { id, ...body } of missing) {
      const subject = `jwt credential of kid ${String(body['key'])}`;
      await this.nodes.ask(url, { operation: 'put-jwts', method: 'PUT', path: `/jwts/${id}`, body, subject });
      this.metrics.wrote('put', 'jwts');
    }
    return [...stale, ...missing].map(({ key }) => String(key));
  }

  /** What is ours and of the realm's keys; there are few. */
  private async read(url: string): Promise<readonly Fields[]> {
    const path = `/jwts?size=1000&tags=${REALM_KEY_TAG}`;
    const page = await this.nodes.ask(url, { operation: 'list-jwts', method: 'GET', path });
    const { data } = (page ?? {}) as { readonly data?: readonly Fields[] };
    if (!Array.isArray(data)) throw new KongUnreachable('list-jwts', url, 'its answer is not a list');
    return (data as readonly Fields[]).filter(({ tags }) => tags.includes(TAG));
  }
}

function difference(
  wanted: readonly Fields[],
  there: readonly Fields[],
): { readonly missing: readonly Fields[]; readonly stale: readonly Fields[] } {
  const byId = new Map(there.map((each) => [each.id, each]));
  const ids = new Set(wanted.map(({ id }) => id));
  const isSame = (one: Fields, other: Fields | undefined) =>
    FIELDS.every((field) => one[field] === other?.[field]);
  return {
    missing: wanted.filter((each) => !isSame(each, byId.get(each.id))),
    stale: there.filter(({ id }) => !ids.has(id)),
  };
}
