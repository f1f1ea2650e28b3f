import { createRequire } from 'node:module';

/** A Lua thread; its insides are fengari's. */
export type LuaThread = object;
/** Puts a Lua value, kept on the JavaScript side, back on a stack of the same state. */
export type LuaProxy = (thread: LuaThread) => void;
type Bytes = Uint8Array;

interface Lua {
  readonly LUA_OK: number;
  readonly LUA_YIELD: number;
  readonly LUA_TNIL: number;
  readonly LUA_TBOOLEAN: number;
  readonly LUA_TLIGHTUSERDATA: number;
  readonly LUA_TNUMBER: number;
  readonly LUA_TSTRING: number;
  readonly LUA_TTABLE: number;
  readonly LUA_TFUNCTION: number;
  lua_type(L: LuaThread, index: number): number;
  lua_checkstack(L: LuaThread, count: number): boolean;
  lua_gettop(L: LuaThread): number;
  lua_settop(L: LuaThread, index: number): void;
  lua_pop(L: LuaThread, count: number): void;
  lua_pushnil(L: LuaThread): void;
  lua_pushboolean(L: LuaThread, value: boolean): void;
  lua_pushnumber(L: LuaThread, value: number): void;
  lua_pushstring(L: LuaThread, value: Bytes): void;
  lua_pushlightuserdata(L: LuaThread, value: object): void;
  lua_pushvalue(L: LuaThread, index: number): void;
  lua_pushjsfunction(L: LuaThread, run: (L: LuaThread) => number): void;
  lua_toboolean(L: LuaThread, index: number): boolean;
  lua_tonumber(L: LuaThread, index: number): number;
  lua_tostring(L: LuaThread, index: number): Bytes;
  lua_touserdata(L: LuaThread, index: number): object;
  lua_toproxy(L: LuaThread, index: number): LuaProxy;
  lua_createtable(L: LuaThread, list: number, fields: number): void;
  lua_next(L: LuaThread, index: number): number;
  lua_rawseti(L: LuaThread, index: number, at: number): void;
  lua_rawset(L: LuaThread, index: number): void;
  lua_rawget(L: LuaThread, index: number): number;
  lua_getfield(L: LuaThread, index: number, name: Bytes): number;
  lua_setfield(L: LuaThread, index: number, name: Bytes): void;
  lua_setglobal(L: LuaThread, name: Bytes): void;
  lua_getglobal(L: LuaThread, name: Bytes): number;
  lua_getmetatable(L: LuaThread, index: number): boolean;
  lua_setmetatable(L: LuaThread, index: number): void;
  lua_rawequal(L: LuaThread, one: number, other: number): boolean;
  lua_absindex(L: LuaThread, index: number): number;
  lua_newthread(L: LuaThread): LuaThread;
  lua_xmove(from: LuaThread, to: LuaThread, count: number): void;
  lua_resume(L: LuaThread, from: LuaThread | null, count: number): number;
  lua_yield(L: LuaThread, count: number): number;
  lua_pcall(L: LuaThread, args: number, results: number, handler: number): number;
  lua_error(L: LuaThread): number;
}
interface Lauxlib {
  luaL_newstate(): LuaThread;
  luaL_loadbuffer(L: LuaThread, source: Bytes, length: number, name: Bytes): number;
  luaL_traceback(L: LuaThread, from: LuaThread, message: Bytes | null, level: number): void;
}
interface Fengari {
  readonly lua: Lua;
  readonly lauxlib: Lauxlib;
  readonly lualib: { luaL_openlibs(L: LuaThread): void };
}
interface TaggedNumber {
  ttisinteger(): boolean;
  value: number;
  setfltvalue(value: number): void;
}
interface Lobject {
  luaO_str2num: (text: Uint8Array, into: TaggedNumber) => number;
}

// Floats that are whole print without `.0`, as in LuaJIT. Read by fengari when it is loaded.
process.env['FENGARICONF'] = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true });
const load = createRequire(import.meta.url);
const { lua, lauxlib, lualib } = load('fengari') as Fengari;

// fengari's integers have 32 bits and wrap; in LuaJIT every number is a double, so each one that is written is one here.
const lobject = load('fengari/src/lobject.js') as Lobject;
const parseNumber = lobject.luaO_str2num;
lobject.luaO_str2num = (text, into) => {
  const length = parseNumber(text, into);
  if (length === 0 || !into.ttisinteger()) return length;
  const exact = Number(
    Buffer.from(text.subarray(0, length - 1))
      .toString('latin1')
      .trim(),
  );
  into.setfltvalue(Number.isNaN(exact) ? into.value : exact);
  return length;
};

export { lauxlib, lua, lualib };
/** A text that is ASCII, as Lua takes it. */
export const ascii = (text: string): Bytes => Buffer.from(text, 'latin1');
