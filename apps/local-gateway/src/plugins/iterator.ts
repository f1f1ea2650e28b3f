import type { Dao } from '../entities/dao.js';
import { type Entity, isTable, textOf } from '../entities/value.js';
import type { Exchange } from '../proxy/exchange.js';
import type { PluginHandler, PluginInstance } from './handler.js';

const idOf = (value: unknown): string => (isTable(value) ? textOf(value['id']) : '');
const scopeKey = (route: string, service: string, consumer: string) => `${route}:${service}:${consumer}`;

/** Which instance of each plugin applies: one pass in order of priority, looked up when the plugin's turn comes. */
export class PluginsIterator {
  readonly #order: readonly {
    readonly handler: PluginHandler;
    readonly byScope: ReadonlyMap<string, PluginInstance>;
  }[];

  constructor(dao: Dao, handlers: ReadonlyMap<string, PluginHandler>) {
    const scopes = new Map<string, Map<string, PluginInstance>>();
    for (const entity of dao.each('plugins')) {
      const handler = handlers.get(textOf(entity['name']));
      if (!handler || entity['enabled'] === false || !speaksHttp(entity)) continue;
      const byScope = scopes.get(handler.name) ?? new Map<string, PluginInstance>();
      scopes.set(handler.name, byScope);
      const key = scopeKey(idOf(entity['route']), idOf(entity['service']), idOf(entity['consumer']));
      byScope.set(key, { handler, entity, config: isTable(entity['config']) ? entity['config'] : {} });
    }
    this.#order = [...scopes]
      .flatMap(([name, byScope]) => {
        const handler = handlers.get(name);
        return handler ? [{ handler, byScope }] : [];
      })
      .sort((a, b) => b.handler.priority - a.handler.priority || (a.handler.name < b.handler.name ? 1 : -1));
  }

  *globals(): Generator<PluginInstance> {
    for (const { byScope } of this.#order) {
      const plugin = byScope.get(scopeKey('', '', ''));
      if (plugin) yield plugin;
    }
  }

  /** The consumer counts as it is at the moment a plugin's turn comes. */
  *forRequest(exchange: Exchange): Generator<PluginInstance> {
    for (const { byScope } of this.#order) {
      const plugin = lookUp(byScope, idOf(exchange.route), idOf(exchange.service), idOf(exchange.consumer));
      if (plugin) yield plugin;
    }
  }
}

function lookUp(
  byScope: ReadonlyMap<string, PluginInstance>,
  route: string,
  service: string,
  consumer: string,
) {
  const candidates = [
    [route, service, consumer], [route, '', consumer], ['', service, consumer], [route, service, ''],
    ['', '', consumer], [route, '', ''], ['', service, ''], ['', '', ''],
  ] as const; // prettier-ignore
  for (const [r, s, c] of candidates) {
    const plugin = byScope.get(scopeKey(r, s, c));
    if (plugin) return plugin;
  }
  return undefined;
}

function speaksHttp({ protocols }: Entity): boolean {
  return !Array.isArray(protocols) || protocols.includes('http');
}
