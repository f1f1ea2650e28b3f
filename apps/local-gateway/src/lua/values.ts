import { ascii, lua, type LuaProxy, type LuaThread } from './fengari.js';

/** Bytes for Lua, as they are; a plain string is sent as UTF-8. */
export class Bytes {
  readonly buffer: Buffer;
  constructor(value: Buffer | string) {
    this.buffer = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  }
}
/** A Lua value that stays one: a function, or a table that is not to be copied. */
export class Kept {
  constructor(readonly push: LuaProxy) {}
}

/** `ngx.null`, which is `cjson.null` too. */
const NULL = {};
const MARKS = { array: 'array_mt', empty: 'empty_array_mt' } as const;

export function pushNull(L: LuaThread): void {
  lua.lua_pushlightuserdata(L, NULL);
}

export function push(L: LuaThread, value: unknown): void {
  lua.lua_checkstack(L, 8);
  if (value === undefined) lua.lua_pushnil(L);
  else if (value === null) pushNull(L);
  else if (typeof value === 'boolean') lua.lua_pushboolean(L, value);
  else if (typeof value === 'number') lua.lua_pushnumber(L, value);
  else if (typeof value === 'string') lua.lua_pushstring(L, Buffer.from(value));
  else if (value instanceof Bytes) lua.lua_pushstring(L, value.buffer);
  else if (Buffer.isBuffer(value)) lua.lua_pushstring(L, value);
  else if (value instanceof Kept) value.push(L);
  else if (typeof value === 'function') lua.lua_pushjsfunction(L, value as (L: LuaThread) => number);
  else if (Array.isArray(value)) pushList(L, value);
  else if (value instanceof Map) pushMap(L, value);
  else pushFields(L, value as Record<string, unknown>);
}

function pushList(L: LuaThread, list: readonly unknown[]): void {
  lua.lua_createtable(L, list.length, 0);
  list.forEach((item, index) => {
    push(L, item);
    lua.lua_rawseti(L, -2, index + 1);
  });
  lua.lua_getglobal(L, ascii(`__${MARKS.array}`));
  lua.lua_setmetatable(L, -2);
}

/** Keys stay numbers where they are. */
function pushMap(L: LuaThread, map: ReadonlyMap<unknown, unknown>): void {
  lua.lua_createtable(L, 0, map.size);
  for (const [key, value] of map) {
    push(L, key);
    push(L, value);
    lua.lua_rawset(L, -3);
  }
}

function pushFields(L: LuaThread, fields: Readonly<Record<string, unknown>>): void {
  const entries = Object.entries(fields);
  lua.lua_createtable(L, 0, entries.length);
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    push(L, name);
    push(L, value);
    lua.lua_rawset(L, -3);
  }
}

/** Strings come as their bytes (latin1); tables are copied; functions and the like are kept. */
export function read(L: LuaThread, at: number, depth = 0): unknown {
  lua.lua_checkstack(L, 8);
  const index = lua.lua_absindex(L, at);
  switch (lua.lua_type(L, index)) {
    case lua.LUA_TNIL:
    case -1:
      return undefined;
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, index);
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(L, index);
    case lua.LUA_TSTRING:
      return text(lua.lua_tostring(L, index));
    case lua.LUA_TLIGHTUSERDATA: {
      const held = lua.lua_touserdata(L, index);
      return held === NULL ? null : held;
    }
    case lua.LUA_TTABLE:
      if (depth > 100) throw new Error('excessive nesting');
      return readTable(L, index, depth);
    default:
      return new Kept(lua.lua_toproxy(L, index));
  }
}

/** The value itself for what is no table, else a way to put the same table back. */
export function keep(L: LuaThread, index: number): unknown {
  lua.lua_checkstack(L, 8);
  const type = lua.lua_type(L, index);
  if (type === lua.LUA_TSTRING) return new Bytes(Buffer.from(lua.lua_tostring(L, index)));
  return type === lua.LUA_TTABLE || type === lua.LUA_TFUNCTION
    ? new Kept(lua.lua_toproxy(L, index))
    : read(L, index);
}

const text = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

function readTable(L: LuaThread, index: number, depth: number): unknown {
  const entries: [unknown, unknown][] = [];
  lua.lua_pushnil(L);
  while (lua.lua_next(L, index) !== 0) {
    const isText = lua.lua_type(L, -2) === lua.LUA_TSTRING;
    const key = isText ? text(lua.lua_tostring(L, -2)) : read(L, -2, depth + 1);
    entries.push([key, read(L, -1, depth + 1)]);
    lua.lua_pop(L, 1);
  }
  if (entries.length === 0) return isMarkedList(L, index) ? [] : {};
  const isList = entries.every(([key]) => typeof key === 'number' && Number.isInteger(key) && key > 0);
  if (!isList) return Object.fromEntries(entries.map(([key, value]) => [String(key as string), value]));
  const list: unknown[] = [];
  for (const [key, value] of entries) list[Number(key) - 1] = value;
  return Array.from(list, (value) => value ?? null);
}

function isMarkedList(L: LuaThread, index: number): boolean {
  if (!lua.lua_getmetatable(L, index)) return false;
  let found = false;
  for (const mark of Object.values(MARKS)) {
    lua.lua_getglobal(L, ascii(`__${mark}`));
    found ||= lua.lua_rawequal(L, -1, -2);
    lua.lua_pop(L, 1);
  }
  lua.lua_pop(L, 1);
  return found;
}
