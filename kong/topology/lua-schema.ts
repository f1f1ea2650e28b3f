import { createRequire } from 'node:module';
import { z } from 'zod';

/** The part of fengari (a Lua 5.3 in JavaScript, without types) that is used here. */
interface Fengari {
  readonly lua: {
    lua_pushstring(state: object, text: Uint8Array): void;
    lua_pcall(state: object, args: number, results: number, handler: number): number;
    lua_tojsstring(state: object, index: number): string;
  };
  readonly lauxlib: { luaL_newstate(): object; luaL_loadstring(state: object, code: Uint8Array): number };
  readonly lualib: { luaL_openlibs(state: object): void };
  readonly to_luastring: (text: string) => Uint8Array;
}
const fengari = createRequire(import.meta.url)('fengari') as Fengari;

/** A field as Kong's schemas write it: https://docs.konghq.com/gateway/latest/plugin-development/configuration/ */
interface LuaField {
  readonly type?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly one_of?: readonly unknown[];
  readonly between?: readonly [number, number];
  readonly len_min?: number;
  readonly referenceable?: boolean;
  readonly elements?: LuaField;
  readonly values?: LuaField;
  readonly fields?: readonly Readonly<Record<string, LuaField>>[];
}

/** A check of a whole plugin; this is the one kind that ours have. */
interface LuaCheck {
  readonly conditional?: {
    readonly if_field: string;
    readonly if_match: { readonly eq?: unknown };
    readonly then_field: string;
    readonly then_match: { readonly required?: boolean };
  };
}

interface LuaSchema {
  readonly fields?: readonly Readonly<Record<string, LuaField>>[];
  readonly entity_checks?: readonly LuaCheck[];
}

/** Runs a schema.lua with Kong's typedefs replaced by their names, and writes the table it returns as JSON. */
const READ = `
local root, name = ...
package.path = root .. "/?.lua"
local function typedef(_, kind)
  return setmetatable({ type = kind }, { __call = function(self, more)
    local field = { type = kind }
    for key, value in pairs(more) do field[key] = value end
    return field
  end })
end
package.preload["kong.db.schema.typedefs"] = function() return setmetatable({}, { __index = typedef }) end
-- What else of Kong a schema needs is for its validators, which are not run here.
table.insert(package.searchers, function(module)
  if module:find("^kong%.plugins%.") then return nil end
  return function() return setmetatable({}, { __index = function() return function() end end }) end
end)
local function quote(text)
  return '"' .. text:gsub('[%c"\\\\]', function(c) return ("\\\\u%04x"):format(c:byte()) end) .. '"'
end
local function json(value)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind ~= "table" then return "null" end
  local parts = {}
  if #value > 0 then
    for _, item in ipairs(value) do parts[#parts + 1] = json(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do parts[#parts + 1] = quote(tostring(key)) .. ":" .. json(item) end
  return "{" .. table.concat(parts, ",") .. "}"
end
return json(require("kong.plugins." .. name .. ".schema"))
`;

/** What the config of one of our plugins must look like, read from its schema.lua; a text says why it can not be read. */
export function luaSchema(root: string, name: string): z.ZodType | string {
  const { lua, lauxlib, lualib, to_luastring: bytes } = fengari;
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  lauxlib.luaL_loadstring(state, bytes(READ));
  lua.lua_pushstring(state, bytes(root));
  lua.lua_pushstring(state, bytes(name));
  const failed = lua.lua_pcall(state, 2, 1, 0) !== 0;
  const output = lua.lua_tojsstring(state, -1);
  if (failed) return `kong/plugins/${name}/schema.lua: ${output.split('\n')[0]}`;
  const schema = JSON.parse(output) as LuaSchema;
  const config = schema.fields?.find((field) => 'config' in field)?.['config'];
  if (config === undefined) return `kong/plugins/${name}/schema.lua: has no config`;
  return withChecks(typeOf(config), config, schema.entity_checks ?? []);
}

/** What is required only under a condition, such as an issuer where tokens are asked for. */
function withChecks(type: z.ZodType, { fields = [] }: LuaField, checks: readonly LuaCheck[]): z.ZodType {
  const defaults = Object.assign({}, ...fields) as Readonly<Record<string, LuaField>>;
  return type.superRefine((given, context) => {
    const config = given as Readonly<Record<string, unknown>>;
    const valueOf = (path: string): unknown => {
      const name = path.replace(/^config\./, '');
      return config[name] ?? defaults[name]?.default;
    };
    for (const { conditional } of checks) {
      if (conditional === undefined || valueOf(conditional.if_field) !== conditional.if_match.eq) continue;
      if (conditional.then_match.required && valueOf(conditional.then_field) === undefined)
        context.addIssue({
          code: 'custom',
          path: conditional.then_field.split('.').slice(1),
          message: 'must be set',
        });
    }
  });
}

function typeOf(field: LuaField): z.ZodType {
  const [min, max] = field.between ?? [-Infinity, Infinity];
  const type = ((): z.ZodType => {
    switch (field.type) {
      case 'string':
        // A reference is shorter than what it stands for, and Kong does not measure it.
        return z.string().min(field.referenceable ? 1 : (field.len_min ?? 1));
      case 'boolean':
        return z.boolean();
      case 'integer':
        return z.int().min(min).max(max);
      case 'number':
        return z.number().min(min).max(max);
      case 'array':
      case 'set':
        return z.array(typeOf(field.elements ?? {})).min(field.len_min ?? 0);
      case 'map':
        return z.record(z.string(), typeOf(field.values ?? {}));
      case 'record':
        return record(field.fields ?? []);
      default:
        return z.unknown().refine((value) => value !== undefined, 'must be set'); // one of Kong's typedefs
    }
  })();
  const { one_of: allowed } = field;
  if (!Array.isArray(allowed)) return type;
  return type.refine((value) => allowed.includes(value), `must be one of ${allowed.join(', ')}`);
}

function record(fields: readonly Readonly<Record<string, LuaField>>[]): z.ZodType {
  const shape = fields
    .flatMap((field) => Object.entries(field))
    .map(([name, field]): [string, z.ZodType] => {
      // Kong fills in a record of which every field has its default.
      const needed = field.required && field.default === undefined && field.type !== 'record';
      return [name, needed ? typeOf(field) : typeOf(field).optional()];
    });
  return z.strictObject(Object.fromEntries(shape));
}
