import type { Exchange } from '../proxy/exchange.js';
import type { LuaState } from './state.js';
import type { Kept } from './values.js';

/** Lua code that runs for a request, or for the worker itself. `ctx` tables live as long as it does. */
export class LuaRun {
  readonly #tables = new Map<string, Kept>();
  plugin = '';
  phase = 'timer';
  /** What ngx.say wrote, where there is no request. */
  said = '';
  consumer: unknown;
  credential: unknown;

  constructor(
    readonly label: string,
    readonly exchange?: Exchange,
  ) {}

  table(state: LuaState<LuaRun>, name: string): Kept {
    const key = name === 'plugin' ? `plugin:${this.plugin}` : name;
    const known = this.#tables.get(key);
    if (known) return known;
    const made = state.make({});
    this.#tables.set(key, made);
    return made;
  }

  forget(name: string): void {
    this.#tables.delete(name);
  }
}
