import type { PluginSchema } from '../plugins/schemas/schema.js';
import type { Field, Fields, Shape } from './field.js';
import type { Kind } from './kinds.js';
import type { Faults } from './pretty.js';
import { type Entity, textOf } from './value.js';

/** The schemas of the enabled plugins, by name. */
export type PluginSchemas = ReadonlyMap<string, PluginSchema>;

/** The fields of a kind; of a plugin, with those of its own schema in the place of the general ones. */
export function shapeOf(kind: Kind, entity: Entity, plugins: PluginSchemas): Shape {
  const schema = kind.name === 'plugins' ? plugins.get(textOf(entity['name'])) : undefined;
  if (!schema) return kind;
  const fields: Record<string, Field> = { ...kind.fields };
  for (const [name, field] of Object.entries(schema.fields))
    fields[name] = { ...fields[name], ...field, abstract: false };
  return { fields, entity_checks: [...(kind.entity_checks ?? []), ...(schema.entity_checks ?? [])] };
}

/** A plugin that is not enabled is refused before anything else is looked at. */
export function unknownPlugin(kind: Kind, entity: Entity, plugins: PluginSchemas): Faults | undefined {
  if (kind.name !== 'plugins') return undefined;
  const name = entity['name'];
  if (name === undefined || name === null) return { name: 'required field missing' };
  if (typeof name === 'string' && plugins.has(name)) return undefined;
  if (typeof name !== 'string') return { name: 'expected a string' };
  return { name: `plugin '${name}' not enabled; add it to the 'plugins' configuration property` };
}

/** A schema as `/schemas/…` shows it: what is data, without functions; fields as a list in order. */
export function schemaToJson(shape: { fields: Fields; entity_checks?: readonly unknown[] }): object {
  return { entity_checks: plain(shape.entity_checks ?? []), fields: fieldsToJson(shape.fields) };
}

const fieldsToJson = (fields: Fields): object[] =>
  Object.entries(fields).map(([name, field]) => ({ [name]: fieldToJson(field) }));

function fieldToJson(field: object): object {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(field) as [string, unknown][]) {
    if (typeof value === 'function' || value === undefined || (value === null && name === 'eq')) {
      if (value === null) shown[name] = null;
    } else if (name === 'fields') shown[name] = fieldsToJson(value as Fields);
    else if (name === 'shorthand_fields') shown[name] = fieldsToJson(value as Fields);
    else if (name === 'elements' || name === 'keys' || name === 'values')
      shown[name] = fieldToJson(value as object);
    else if (name !== 'abstract' && name !== 'shown') shown[name] = plain(value);
  }
  return shown;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
