import type { Fields } from './state.js';

type FieldDefault = { readonly value: unknown } | { readonly record: ConfigDefaults };

/** What each field of a plugin's configuration is when it is not given; records hold fields of their own. */
export type ConfigDefaults = ReadonlyMap<string, FieldDefault>;

/** By name of the plugin. One that is not here is compared only as far as we say something. */
export type PluginDefaults = ReadonlyMap<string, ConfigDefaults>;

interface SchemaField {
  readonly type?: string;
  readonly default?: unknown;
  /** Kong makes one, which is not ours to judge. */
  readonly auto?: boolean;
  readonly fields?: SchemaFields;
}
type SchemaFields = readonly Readonly<Record<string, SchemaField>>[];

/** A schema as `/schemas/plugins/{name}` gives it. */
export interface PluginSchema {
  readonly fields?: SchemaFields;
}

export function defaultsOf(schema: PluginSchema): ConfigDefaults {
  const config = schema.fields?.find((each) => 'config' in each)?.['config'];
  return fieldDefaults(config?.fields);
}

function fieldDefaults(fields: SchemaFields | undefined): ConfigDefaults {
  // Lua knows no empty list: without fields it may be `{}`.
  const all = Array.isArray(fields) ? (fields as SchemaFields).flatMap((each) => Object.entries(each)) : [];
  const settable = all.filter(([, field]) => field.auto !== true);
  return new Map(settable.map(([name, field]) => [name, fieldDefault(field)]));
}

function fieldDefault({ type, fields, default: value }: SchemaField): FieldDefault {
  return type === 'record' ? { record: fieldDefaults(fields) } : { value: value ?? null };
}

/** A configuration with the defaults that Kong fills in; a record that is not there is one of defaults. */
export function withDefaults(config: unknown, defaults: ConfigDefaults | undefined): unknown {
  if (defaults === undefined || Array.isArray(config)) return config;
  const given = (config ?? {}) as Fields;
  const filled = [...defaults].map(([name, field]) => {
    if ('record' in field) return [name, withDefaults(given[name], field.record)] as const;
    return [name, given[name] === undefined ? field.value : given[name]] as const;
  });
  return { ...given, ...Object.fromEntries(filled) };
}
