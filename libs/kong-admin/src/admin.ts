import { KongRefused, KongUnreachable } from './errors.js';
import { secretsOf } from './fingerprint.js';
import { type Kind, RULES } from './kinds.js';
import type { KongNodes, NodeRequest } from './nodes.js';
import type { PluginSchema } from './plugin-defaults.js';
import type { Entity, Item } from './state.js';

const PAGE = 1000;
/** Of what is safe to repeat: reads, a PUT or DELETE by id, and the whole configuration. */
const ATTEMPTS = 4;
/** Nobody waits for these as a revocation waits: a busy Kong may take its time. */
const PATIENCE_MS = 5000;
/** A whole configuration is read, checked and stored before Kong answers. */
const LOAD_PATIENCE_MS = 60_000;

export interface NodeStatus {
  readonly mode: 'db' | 'dbless';
  /** MD5 of the text that was loaded; of a node without a database. */
  readonly configurationHash: string | undefined;
}

export interface ListOptions {
  readonly tag?: string;
  /** Only what belongs to this one; `nested` is what the collection is called there. */
  readonly of?: { readonly kind: Kind; readonly id: string; readonly nested: string };
}

export interface Page {
  readonly data: readonly Entity[];
  /** Where the next one begins; the last one has none. */
  readonly offset?: string;
}

/** The Admin API of one node, with what it says as types. Every error names operation, kind and name. */
export class KongAdmin {
  constructor(
    private readonly nodes: KongNodes,
    readonly url: string,
  ) {}

  /** `/status` and not `/`, which counts every plugin (Kong#9117). */
  async status(): Promise<NodeStatus> {
    const operation = 'read-status';
    const status = ((await this.read(operation, '/status')) ?? {}) as {
      readonly configuration_hash?: string;
      readonly database?: object;
    };
    if (status.database !== undefined) return { mode: 'db', configurationHash: undefined };
    if (status.configuration_hash === undefined)
      throw new KongUnreachable(operation, this.url, 'its /status is not that of a Kong');
    return { mode: 'dbless', configurationHash: status.configuration_hash };
  }

  async list(kind: Kind, options: ListOptions = {}): Promise<readonly Entity[]> {
    const found: Entity[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const { data, offset }: Page = await this.page(kind, options, after);
      found.push(...data);
      after = offset;
    }
    return found;
  }

  /** @param after the `offset` of the page before */
  async page(kind: Kind, { tag, of }: ListOptions = {}, after = ''): Promise<Page> {
    const path = of ? `/${of.kind}/${of.id}/${of.nested}` : `/${kind}`;
    // `next` of a nested list forgets size and tags, so the address is made anew for each page.
    const query = new URLSearchParams({ size: String(PAGE) });
    if (tag !== undefined) query.set('tags', tag);
    if (after !== '') query.set('offset', after);
    const page = (await this.read(`list-${kind}`, `${path}?${query.toString()}`)) as Page | undefined;
    if (!Array.isArray(page?.data))
      throw new KongUnreachable(`list-${kind}`, this.url, 'its answer is not a list');
    return page;
  }

  /** @param key its id, or the name that the kind goes by */
  async find(kind: Kind, key: string): Promise<Entity | undefined> {
    try {
      const path = `/${kind}/${encodeURIComponent(key)}`;
      return (await this.read(`find-${kind}`, path, `${RULES[kind].singular} ${key}`)) as Entity;
    } catch (error) {
      if (error instanceof KongRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The only thing that a consumer has no path for. */
  async findByCustomId(customId: string): Promise<Entity | undefined> {
    const path = `/consumers?${new URLSearchParams({ custom_id: customId }).toString()}`;
    const { data } = (await this.read('find-consumers', path)) as { readonly data: readonly Entity[] };
    return data[0];
  }

  /** What a plugin is configured with; undefined where it is not installed. */
  async pluginSchema(name: string): Promise<PluginSchema | undefined> {
    try {
      return (await this.read('read-schema', `/schemas/plugins/${name}`, `plugin ${name}`)) as PluginSchema;
    } catch (error) {
      if (error instanceof KongRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Makes it, or makes it so: what is not given becomes Kong's default. */
  async put(item: Item, subject: string): Promise<void> {
    const path = `/${item.kind}/${item.entity.id}`;
    const request = { operation: `put-${item.kind}`, method: 'PUT', path, subject } as const;
    await this.write({ ...request, body: item.entity, secrets: secretsOf(item) });
  }

  /** Gone already is gone as well. */
  async remove(kind: Kind, id: string, subject: string): Promise<void> {
    try {
      await this.write({ operation: `delete-${kind}`, method: 'DELETE', path: `/${kind}/${id}`, subject });
    } catch (error) {
      if (!(error instanceof KongRefused) || error.status !== 404) throw error;
    }
  }

  /** Replaces the whole configuration of a node without a database, unless it has just this one. */
  async load(config: string, secrets: readonly string[]): Promise<void> {
    const request = { operation: 'load-config', method: 'POST', path: '/config?check_hash=1' } as const;
    await this.write({ ...request, body: { config }, secrets, timeoutMs: LOAD_PATIENCE_MS });
  }

  private read(operation: string, path: string, subject?: string): Promise<unknown> {
    return this.write({ operation, method: 'GET', path, subject });
  }

  private write(request: NodeRequest): Promise<unknown> {
    return this.nodes.ask(this.url, { timeoutMs: PATIENCE_MS, ...request, attempts: ATTEMPTS });
  }
}
