import type { EntityCheck, Field, Fields } from '../entities/field.js';
import { typedefs } from '../entities/typedefs.js';
import { isTable, type Value } from '../entities/value.js';
import type { PluginSchema } from '../plugins/schemas/index.js';
import { lua } from './fengari.js';
import type { LuaRun } from './run.js';
import type { LuaState } from './state.js';
import { Kept, read } from './values.js';

type Table = Record<string, unknown>;

/** A plugin's schema.lua as the data that our own schemas are; functions in it are called in Lua. */
export function toPluginSchema(state: LuaState<LuaRun>, schema: unknown): PluginSchema {
  const table = schema as Table;
  return {
    name: String(table['name']),
    fields: toFields(state, table['fields']),
    entity_checks: toChecks(state, table['entity_checks']),
  };
}

function toFields(state: LuaState<LuaRun>, list: unknown): Fields {
  const fields: Record<string, Field> = {};
  for (const each of Array.isArray(list) ? (list as Table[]) : [])
    for (const [name, field] of Object.entries(each)) {
      const made = toField(state, field as Table);
      // A plugin always has a config, and a record with defaults inside is always filled in.
      const isFilled = made.type === 'record' && (name === 'config' || hasDefaults(made));
      fields[name] = isFilled && made.required === undefined ? { ...made, required: true } : made;
    }
  return fields;
}

const hasDefaults = (field: Field): boolean =>
  Object.values(field.fields ?? {}).some((inner) => inner.default !== undefined || inner.type === 'record');

function toField(state: LuaState<LuaRun>, table: Table): Field {
  const { __typedef: name, ...own } = table;
  const base: Partial<Field> =
    typeof name === 'string' ? ((typedefs as Record<string, Field>)[name] ?? {}) : {};
  const field: Record<string, unknown> = { ...base, ...own };
  if (own['fields']) field['fields'] = toFields(state, own['fields']);
  for (const part of ['elements', 'keys', 'values'])
    if (own[part]) field[part] = toField(state, own[part] as Table);
  if (own['custom_validator'] instanceof Kept)
    field['custom_validator'] = toCheck(state, own['custom_validator']);
  if (own['entity_checks']) field['entity_checks'] = toChecks(state, own['entity_checks']);
  const isList = field['type'] === 'array' || field['type'] === 'set';
  if (isList && isTable(field['default'])) field['default'] = [];
  delete field['shorthand_fields'];
  return field as unknown as Field;
}

function toChecks(state: LuaState<LuaRun>, list: unknown): EntityCheck[] {
  return (Array.isArray(list) ? (list as Table[]) : []).map((each): EntityCheck => {
    const custom = each['custom_entity_check'] as Table | undefined;
    if (!custom) return each;
    const fn = custom['fn'];
    const sources = custom['field_sources'] as string[];
    return {
      custom_entity_check: {
        field_sources: sources,
        fn: fn instanceof Kept ? toCheck(state, fn) : () => undefined,
      },
    };
  });
}

/** `true`, or nil and what is wrong. */
function toCheck(state: LuaState<LuaRun>, fn: Kept): (value: Value) => string | undefined {
  return (value) => {
    const [isFine, fault] = state.call(fn, value).map((each) => state.copy(each));
    if (isFine) return undefined;
    return typeof fault === 'string' ? Buffer.from(fault, 'latin1').toString() : 'failed validating';
  };
}

/** A table that a file returned, copied, its functions kept. */
export function copyOf(state: LuaState<LuaRun>, kept: unknown): unknown {
  if (!(kept instanceof Kept)) return kept;
  kept.push(state.L);
  const copied = read(state.L, -1);
  lua.lua_pop(state.L, 1);
  return copied;
}
