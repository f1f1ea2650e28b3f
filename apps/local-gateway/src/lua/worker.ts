import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../admin/answer.js';
import { type AdminCall } from '../admin/endpoints.js';
import { type Entity, isTable, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { PluginHandler, PluginInstance } from '../plugins/handler.js';
import type { PluginSchema } from '../plugins/schemas/index.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exit } from '../proxy/exit.js';
import { VERSION } from '../version.js';
import { AdminRoutes } from './admin-routes.js';
import { cryptoApi } from './crypto.js';
import type { LuaHost } from './host.js';
import { Held, keptApi } from './kept-api.js';
import { Metrics } from './metrics.js';
import { copyOf, toPluginSchema } from './plugin-schema.js';
import { regexApi } from './regex.js';
import { requestApi } from './request-api.js';
import { LuaRun } from './run.js';
import { BASE } from './shim/base.js';
import { CACHE } from './shim/cache.js';
import { RESTY } from './shim/resty.js';
import { KONG } from './shim/kong.js';
import { NGX } from './shim/ngx.js';
import { LuaState } from './state.js';
import { Kept } from './values.js';
import { resolved } from './vault.js';
import { withoutNulls, workerApi } from './worker-api.js';

interface Loaded {
  readonly schema: PluginSchema;
  readonly handler: PluginHandler;
}

/** One worker of Kong's: a Lua state with our plugins in it, run from their files. */
export class LuaWorker implements LuaHost {
  readonly #state = new LuaState<LuaRun>();
  readonly #metrics = new Metrics();
  readonly #held = new Held();
  readonly #handlers = new Map<string, Kept>();
  readonly #configs = new Map<string, { readonly text: string; readonly kept: Kept }>();
  readonly #routes: AdminRoutes;
  #gateway: Gateway | undefined;

  constructor(
    readonly folder: string,
    readonly mode: 'db' | 'dbless',
  ) {
    this.#routes = new AdminRoutes(this.#state);
    this.#searchFiles();
  }

  /** Gives the plugins their world. Before this only schemas can be read. */
  attach(gateway: Gateway): void {
    this.#gateway = gateway;
    const state = this.#state;
    const held = this.#held;
    for (const mark of ['array_mt', 'empty_array_mt'])
      state.setGlobal(`__${mark}`, state.make({ __name: mark }));
    const request = requestApi(() => state.current);
    state.define('__js', {
      ...workerApi(gateway, state, this.#metrics),
      ...request,
      ...cryptoApi,
      ...regexApi,
      ...held.api,
    });
    state.define('__jsk', keptApi(gateway, state, held), true);
    state.setGlobal('__version', VERSION);
    state.setGlobal('__mode', this.mode);
    state.setGlobal('__node_id', gateway.nodeId);
    state.setGlobal('__hostname', hostname());
    state.setGlobal('__workspace', '');
    state.setGlobal(
      '__plugins',
      Object.fromEntries([...gateway.handlers.keys()].map((name) => [name, true])),
    );
    for (const [name, source] of Object.entries({
      base: BASE,
      resty: RESTY,
      ngx: NGX,
      cache: CACHE,
      kong: KONG,
    }))
      state.call(state.load(source, `=shim/${name}`));
  }

  /** @throws {LuaError} a file that does not load: the gateway does not start with half of its plugins */
  load(name: string): Loaded {
    const schema = toPluginSchema(this.#state, copyOf(this.#state, this.#file(name, 'schema')));
    const handler = this.#file(name, 'handler');
    if (!(handler instanceof Kept)) throw new Error(`plugin ${name}: handler.lua returns no table`);
    this.#handlers.set(name, handler);
    if (existsSync(join(this.folder, name, 'api.lua'))) this.#routes.add(name, this.#file(name, 'api'));
    const phase = (method: string, phaseName = method) => {
      const fn = this.#state.field(handler, method);
      if (!(fn instanceof Kept)) return undefined;
      return async (exchange: Exchange, plugin: PluginInstance) => {
        await this.#state.run(
          this.#runFor(exchange, name, phaseName),
          fn,
          handler,
          this.#configOf(plugin.entity),
        );
      };
    };
    return {
      schema,
      handler: {
        name,
        version: this.#text(this.#state.field(handler, 'VERSION')),
        priority: Number(this.#state.field(handler, 'PRIORITY') ?? 0),
        rewrite: phase('rewrite'),
        access: phase('access'),
        headerFilter: phase('header_filter'),
        log: phase('log'),
      },
    };
  }

  async initWorker(): Promise<void> {
    for (const [name, handler] of this.#handlers) await this.#runForWorker(name, handler, 'init_worker');
    this.configure();
  }

  configure(): void {
    const gateway = this.#gateway;
    if (!gateway) return;
    for (const [name, handler] of this.#handlers) {
      const all = [...gateway.dao.each('plugins')].filter(
        (plugin) => plugin['name'] === name && plugin['enabled'] !== false,
      );
      const configs = all.length > 0 ? all.map((entity) => this.#configOf(entity)) : undefined;
      void this.#runForWorker(name, handler, 'configure', configs);
    }
  }

  /** Its timers do not go off any more. */
  stop(): void {
    for (const timer of this.#held.timers) clearTimeout(timer);
  }

  metrics(): string {
    return this.#metrics.text();
  }

  toJson(value: unknown): unknown {
    const copied = this.#state.copy(value);
    return copied === undefined
      ? copied
      : (JSON.parse(Buffer.from(JSON.stringify(copied), 'latin1').toString()) as unknown);
  }

  async answerAdmin(call: AdminCall, request: IncomingMessage): Promise<Answer | undefined> {
    const found = this.#routes.find(call);
    if (!found) return undefined;
    const run = new LuaRun(`admin ${found.plugin}`);
    run.plugin = found.plugin;
    run.phase = 'admin_api';
    try {
      await found.run(run, request);
      return { status: 200, body: run.said };
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      const { status, headers, body } = error.reply;
      return {
        status,
        body: body.length > 0 ? body.toString() : undefined,
        headers: Object.fromEntries(headers.map(([name, value]) => [name, value])),
      };
    }
  }

  async #runForWorker(name: string, handler: Kept, phase: string, ...args: unknown[]): Promise<void> {
    const fn = this.#state.field(handler, phase);
    if (!(fn instanceof Kept)) return;
    const run = new LuaRun(phase);
    run.plugin = name;
    run.phase = phase;
    try {
      await this.#state.run(run, fn, handler, ...args);
    } catch (error) {
      this.#gateway?.log.error({ err: error, plugin: name }, `${phase} failed`);
    }
  }

  #runFor(exchange: Exchange, plugin: string, phase: string): LuaRun {
    const run = exchange.lua instanceof LuaRun ? exchange.lua : new LuaRun('request', exchange);
    exchange.lua = run;
    run.plugin = plugin;
    run.phase = phase;
    for (const [field, value] of exchange.shared)
      this.#state.setField(run.table(this.#state, 'shared'), field, value);
    exchange.shared.clear();
    return run;
  }

  /** The same table for the same instance: plugins keep what they derive from it under it. */
  #configOf(entity: Entity): Kept {
    const id = textOf(entity['id']);
    const text = JSON.stringify(entity['config']);
    const known = this.#configs.get(id);
    if (known?.text === text) return known.kept;
    const config = resolved(entity['config'] ?? {});
    const kept = this.#state.make({
      ...(withoutNulls(isTable(config) ? config : {}) as object),
      __plugin_id: id,
    });
    this.#configs.set(id, { text, kept });
    return kept;
  }

  #file(plugin: string, file: string): unknown {
    const [result] = this.#state.call(
      this.#state.load(`return require("kong.plugins.${plugin}.${file}")`, `=${plugin}`),
    );
    return result;
  }

  #text(value: unknown): string {
    return String(this.#state.copy(value));
  }

  /** `require "kong.plugins.x.y"` finds files below our folder, before Lua's own places. */
  #searchFiles(): void {
    const state = this.#state;
    state.define('__files', {
      load: (name: string) => {
        const path = name.startsWith('kong.plugins.') ? name.slice('kong.plugins.'.length) : undefined;
        if (path === undefined) return undefined;
        for (const end of ['.lua', '/init.lua']) {
          const file = join(this.folder, path.replaceAll('.', '/') + end);
          if (existsSync(file)) return state.load(readFileSync(file), `@${file}`);
        }
        return undefined;
      },
    });
    state.call(
      state.load(
        `local files = __files
         package.searchers = { package.searchers[1], function(name) return files.load(name) or "\\n\\tno file for '" .. name .. "'" end }`,
        '=searchers',
      ),
    );
  }
}
