import { textOf } from './entities/value.js';
import { randomUUID } from 'node:crypto';
import { NodeCache } from './cache.js';
import { EMPTY_HASH } from './declarative/text.js';
import { Dao } from './entities/dao.js';
import type { PluginSchemas } from './entities/shape.js';
import type { Row } from './entities/table.js';
import type { Log } from './log.js';
import type { LuaHost } from './lua/host.js';
import { PluginsIterator } from './plugins/iterator.js';
import type { PluginHandler } from './plugins/handler.js';
import { Router } from './proxy/router.js';

export interface GatewayParts {
  readonly mode: 'db' | 'dbless';
  readonly schemas: PluginSchemas;
  readonly handlers: ReadonlyMap<string, PluginHandler>;
  readonly log: Log;
}

/** One node: what is configured, what is cached, and what follows from a change. */
export class Gateway {
  readonly nodeId = randomUUID();
  readonly mode: 'db' | 'dbless';
  readonly dao: Dao;
  readonly cache = new NodeCache();
  readonly coreCache = new NodeCache();
  readonly handlers: ReadonlyMap<string, PluginHandler>;
  readonly log: Log;
  readonly statistics = { active: 0, accepted: 0, requests: 0 };
  lua: LuaHost | undefined;
  configurationHash = EMPTY_HASH;
  #router: Router | undefined;
  #iterator: PluginsIterator | undefined;

  constructor({ mode, schemas, handlers, log }: GatewayParts) {
    this.mode = mode;
    this.handlers = handlers;
    this.log = log;
    this.dao = new Dao(schemas, mode === 'dbless');
    this.dao.onChange(({ kind, entity, old }) => {
      if (['routes', 'services', 'plugins'].includes(kind.name)) this.#forget();
      for (const each of [entity, old]) if (each) this.#invalidate(kind.name, each);
      if (kind.name === 'plugins') this.lua?.configure();
    });
  }

  /** Built again after a change of routes, services or plugins, at the next request. */
  get router(): Router {
    return (this.#router ??= new Router(this.dao));
  }

  get iterator(): PluginsIterator {
    return (this.#iterator ??= new PluginsIterator(this.dao, this.handlers));
  }

  replaceConfiguration(rows: ReadonlyMap<string, readonly Row[]>, hash: string): void {
    this.dao.replaceAll(rows);
    this.configurationHash = hash;
    this.#forget();
    this.purgeCaches();
    this.lua?.configure();
  }

  purgeCaches(): void {
    this.cache.purge();
    this.coreCache.purge();
  }

  metrics(): string {
    return this.lua?.metrics() ?? '';
  }

  #forget(): void {
    this.#router = undefined;
    this.#iterator = undefined;
  }

  /** Kong drops the cached row of an entity that changes, whatever it was looked up by. */
  #invalidate(kind: string, entity: Record<string, unknown>): void {
    for (const field of ['id', 'username', 'custom_id', 'key', 'client_id'])
      if (entity[field] !== undefined && entity[field] !== null)
        this.cache.invalidate(`${kind}:${textOf(entity[field])}:::::`);
  }
}
