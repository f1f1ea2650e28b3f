import type { IncomingMessage } from 'node:http';
import { NOT_ALLOWED, type Answer } from '../admin/answer.js';
import type { AdminCall } from '../admin/endpoints.js';
import { Exit } from '../proxy/exit.js';
import { copyOf } from './plugin-schema.js';
import type { LuaRun } from './run.js';
import type { LuaState } from './state.js';
import { Kept } from './values.js';

interface Route {
  readonly plugin: string;
  readonly parts: readonly string[];
  readonly methods: Readonly<Record<string, Kept>>;
}
interface Found {
  readonly plugin: string;
  readonly run: (run: LuaRun, request: IncomingMessage) => Promise<unknown>;
}

/** What plugins add to the Admin API in their api.lua. */
export class AdminRoutes {
  readonly #routes: Route[] = [];

  constructor(readonly state: LuaState<LuaRun>) {}

  add(plugin: string, kept: unknown): void {
    const api = copyOf(this.state, kept) as Record<string, Record<string, unknown>>;
    for (const [path, entry] of Object.entries(api)) {
      if (!path.startsWith('/')) continue;
      const given = (entry['methods'] ?? entry) as Record<string, unknown>;
      const methods = Object.fromEntries(
        Object.entries(given).filter((each): each is [string, Kept] => each[1] instanceof Kept),
      );
      this.#routes.push({ plugin, parts: path.split('/').slice(1), methods });
    }
    this.#routes.sort((a, b) => rank(a.parts) - rank(b.parts));
  }

  find(call: AdminCall): Found | undefined {
    for (const { plugin, parts, methods } of this.#routes) {
      const params = match(parts, call.path);
      if (!params) continue;
      const fn = methods[call.method] ?? (call.method === 'HEAD' ? methods['GET'] : undefined);
      return {
        plugin,
        run: (run, request) =>
          fn ? this.#call(run, fn, methods['before'], call, params, request) : refused(NOT_ALLOWED),
      };
    }
    return undefined;
  }

  #call(
    run: LuaRun,
    fn: Kept,
    before: Kept | undefined,
    call: AdminCall,
    params: Record<string, string>,
    request: IncomingMessage,
  ) {
    const uri = Object.fromEntries(call.query);
    const self = this.state.make({
      params: { ...uri, ...call.body.values, ...params },
      args: { uri, post: call.body.values },
      req: { method: call.method, headers: request.headers },
    });
    const db = this.state.copyOfGlobal('kong', 'db');
    const helpers = this.state.make({});
    const main = () => this.state.run(run, fn, self, db, helpers);
    return before ? this.state.run(run, before, self, db, helpers).then(main) : main();
  }
}

const rank = (parts: readonly string[]) => parts.filter((part) => part.startsWith(':')).length;

function match(parts: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== path.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = path[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return params;
}

function refused({ status, body }: Answer): Promise<never> {
  return Promise.reject(new Exit({ status, headers: [], body: Buffer.from(JSON.stringify(body)) }));
}
