import { randomBytes, randomUUID } from 'node:crypto';
import type { Field, Shape } from './field.js';
import type { Faults } from './pretty.js';
import { plainFault } from './plain-fault.js';
import { at, copy, type Entity, isTable, type Value } from './value.js';

export type Writing = 'insert' | 'update' | 'upsert';

/** 32 letters and digits, as Kong makes keys and secrets. */
export function randomKey(): string {
  let key = '';
  while (key.length < 32) key += randomBytes(24).toString('base64').replace(/[+/=]/g, '');
  return key.slice(0, 32);
}

/** What Kong fills in before it checks: shorthands spread out, ids, keys and times made, defaults given. */
export function fillIn(
  shape: Shape,
  given: Entity,
  context: Writing,
): { readonly entity: Entity } | { readonly faults: Faults } {
  const entity = copy(given);
  const faults = spreadShorthands(shape, entity);
  if (faults) return { faults };
  const now = Math.floor(Date.now() / 1000);
  for (const [name, field] of Object.entries(shape.fields)) {
    const value = adjusted(field, automatic(name, field, entity[name], context, now), context);
    if (value !== undefined) entity[name] = value;
  }
  return { entity };
}

function automatic(name: string, field: Field, value: Value | undefined, context: Writing, now: number) {
  if (!field.auto) return value;
  if (name === 'updated_at' && field.type === 'integer') return now;
  if (context === 'update') return value;
  if (field.uuid) return value === undefined ? randomUUID() : value;
  if (field.type === 'string') return value === undefined ? randomKey() : value;
  return name === 'created_at' && (value === undefined || value === null) ? now : value;
}

function adjusted(field: Field, value: Value | undefined, context: Writing): Value | undefined {
  if (field.abstract) return value;
  if (field.type === 'record' && isTable(value)) {
    const filled = fillIn({ fields: field.fields ?? {}, ...field }, value, context);
    return 'entity' in filled ? filled.entity : value;
  }
  if (field.type === 'set' && Array.isArray(value)) return [...new Set(value)];
  if (field.type === 'array' && field.elements?.type === 'record' && Array.isArray(value)) {
    const element = field.elements;
    return value.map((item) => adjusted(element, item, context) ?? null);
  }
  return value === undefined && context !== 'update' ? absent(field) : value;
}

function absent(field: Field): Value | undefined {
  if (field.default !== undefined) return copy(field.default);
  if (!field.required) return null;
  if (field.type !== 'record' || field.abstract) return undefined;
  const filled = fillIn({ fields: field.fields ?? {}, ...field }, {}, 'insert');
  return 'entity' in filled ? filled.entity : undefined;
}

function spreadShorthands(shape: Shape, entity: Entity): Faults | undefined {
  const faults: Faults = {};
  for (const [name, shorthand] of Object.entries(shape.shorthand_fields ?? {})) {
    const value = entity[name];
    if (value === undefined) continue;
    const fault = plainFault(shorthand, value);
    if (fault !== undefined) {
      faults[name] = fault;
      continue;
    }
    delete entity[name];
    const isOld = shorthand.shown !== undefined;
    if (isOld && value === null) continue;
    for (const [key, made] of Object.entries(shorthand.func(value) ?? {})) {
      const there = entity[key];
      if (isTable(made))
        entity[key] = isOld
          ? { ...made, ...(isTable(there) ? there : {}) }
          : { ...(isTable(there) ? there : {}), ...made };
      else if (!isOld || there === undefined || there === null) entity[key] = made;
    }
  }
  return Object.keys(faults).length > 0 ? faults : undefined;
}

/** An entity as it is shown: the old names beside the new ones they stand for. */
export function withShorthands(shape: Shape, entity: Entity): Entity {
  const shown = { ...entity };
  for (const [name, { shown: path }] of Object.entries(shape.shorthand_fields ?? {}))
    if (path !== undefined) shown[name] = at(entity, path) ?? null;
  for (const [name, field] of Object.entries(shape.fields)) {
    const value = shown[name];
    if (field.type === 'record' && field.fields && isTable(value))
      shown[name] = withShorthands({ fields: field.fields, ...field }, value);
  }
  return shown;
}
