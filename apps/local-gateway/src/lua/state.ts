import { ascii, lauxlib, lua, lualib, type LuaThread } from './fengari.js';
import { Kept, keep, push, read } from './values.js';

/** What a function of ours gives to Lua: one value, several (`Many`), or a promise of either. */
export class Many {
  constructor(readonly values: readonly unknown[]) {}
}
export const many = (...values: unknown[]): Many => new Many(values);
export type Native = (...args: never[]) => unknown;

/** Ends the Lua code that asked for it, wherever it stands; thrown to whoever ran it. */
export class Stop {
  constructor(readonly reason: Error) {}
}

/** What goes with one run of Lua code: the request, or the worker. */
export interface Run {
  readonly label: string;
}

export class LuaError extends Error {}

/** One Lua state, which is one worker of Kong's. Code in it waits for promises of ours without holding up others. */
export class LuaState<R extends Run> {
  readonly L = lauxlib.luaL_newstate();
  /** Whose code is running now. */
  current: R | undefined;

  constructor() {
    lualib.luaL_openlibs(this.L);
  }

  setGlobal(name: string, value: unknown): void {
    push(this.L, value);
    lua.lua_setglobal(this.L, ascii(name));
  }

  /** Functions under one global table; arguments are copied in, tables of `kept` ones are handed over as they are. */
  define(table: string, functions: Readonly<Record<string, Native>>, isKept = false): void {
    const wrapped = Object.entries(functions).map(([name, native]) => [name, this.#wrap(native, isKept)]);
    push(this.L, Object.fromEntries(wrapped));
    lua.lua_setglobal(this.L, ascii(table));
  }

  #wrap(native: Native, isKept: boolean): (L: LuaThread) => number {
    return (L) => {
      const args: unknown[] = [];
      for (let index = 1; index <= lua.lua_gettop(L); index += 1)
        args.push(isKept ? keep(L, index) : read(L, index));
      let result: unknown;
      try {
        result = (native as (...all: unknown[]) => unknown)(...args);
      } catch (error) {
        push(L, error instanceof Error ? error.message : String(error));
        return lua.lua_error(L);
      }
      if (!(result instanceof Promise) && !(result instanceof Stop)) return pushAll(L, result);
      lua.lua_pushlightuserdata(L, result);
      return lua.lua_yield(L, 1);
    };
  }

  /** @throws {LuaError} */
  load(source: string | Buffer, name: string): Kept {
    lua.lua_checkstack(this.L, 8);
    const bytes = typeof source === 'string' ? Buffer.from(source) : source;
    if (lauxlib.luaL_loadbuffer(this.L, bytes, bytes.length, ascii(name)) !== lua.LUA_OK)
      throw this.#error(this.L);
    return this.#take();
  }

  /** Runs to the end without waiting for anything. @throws {LuaError} */
  call(fn: Kept, ...args: unknown[]): unknown[] {
    const top = lua.lua_gettop(this.L);
    fn.push(this.L);
    for (const arg of args) push(this.L, arg);
    if (lua.lua_pcall(this.L, args.length, -1, 0) !== lua.LUA_OK) throw this.#error(this.L);
    const results: unknown[] = [];
    for (let index = top + 1; index <= lua.lua_gettop(this.L); index += 1) results.push(keep(this.L, index));
    lua.lua_settop(this.L, top);
    return results;
  }

  /** Runs in a thread of its own, which may wait. @throws {LuaError} or what a `Stop` holds */
  async run(run: R, fn: Kept, ...args: unknown[]): Promise<unknown[]> {
    const thread = lua.lua_newthread(this.L);
    lua.lua_pop(this.L, 1);
    fn.push(thread);
    for (const arg of args) push(thread, arg);
    let count = args.length;
    for (;;) {
      const before = this.current;
      this.current = run;
      let status: number;
      try {
        status = lua.lua_resume(thread, null, count);
      } finally {
        this.current = before;
      }
      if (status === lua.LUA_OK) return results(thread);
      if (status !== lua.LUA_YIELD) throw this.#error(thread);
      const waitedFor: unknown = lua.lua_touserdata(thread, -1);
      lua.lua_settop(thread, 0);
      if (waitedFor instanceof Stop) throw waitedFor.reason;
      count = pushAll(thread, await waitedFor);
    }
  }

  /** A table's field, kept. */
  field(table: Kept, name: string): unknown {
    table.push(this.L);
    lua.lua_getfield(this.L, -1, ascii(name));
    const value = keep(this.L, -1);
    lua.lua_pop(this.L, 2);
    return value;
  }

  setField(table: Kept, name: string, value: unknown): void {
    table.push(this.L);
    push(this.L, value);
    lua.lua_setfield(this.L, -2, ascii(name));
    lua.lua_pop(this.L, 1);
  }

  global(name: string): unknown {
    lua.lua_getglobal(this.L, ascii(name));
    const value = keep(this.L, -1);
    lua.lua_pop(this.L, 1);
    return value;
  }

  /** A field of a global table, as it is. */
  copyOfGlobal(table: string, name: string): unknown {
    const kept = this.global(table);
    return kept instanceof Kept ? this.field(kept, name) : undefined;
  }

  /** A kept value, copied. */
  copy(value: unknown): unknown {
    push(this.L, value);
    const copied = read(this.L, -1);
    lua.lua_pop(this.L, 1);
    return copied;
  }

  /** Makes a Lua value of ours once, to be handed over many times. */
  make(value: unknown): Kept {
    push(this.L, value);
    return this.#take();
  }

  #take(): Kept {
    const kept = new Kept(lua.lua_toproxy(this.L, -1));
    lua.lua_pop(this.L, 1);
    return kept;
  }

  #error(L: LuaThread): LuaError {
    const value = read(L, -1);
    const message = typeof value === 'string' ? value : JSON.stringify(value);
    lauxlib.luaL_traceback(this.L, L, null, 0);
    const trace = read(this.L, -1);
    lua.lua_pop(this.L, 1);
    if (L === this.L) lua.lua_pop(L, 1);
    const error = new LuaError(message);
    error.stack = `${message}\n${String(trace)}`;
    return error;
  }
}

function results(thread: LuaThread): unknown[] {
  const values: unknown[] = [];
  for (let index = 1; index <= lua.lua_gettop(thread); index += 1) values.push(keep(thread, index));
  return values;
}

function pushAll(L: LuaThread, result: unknown): number {
  const values = result instanceof Many ? result.values : [result];
  for (const value of values) push(L, value);
  return values.length;
}
