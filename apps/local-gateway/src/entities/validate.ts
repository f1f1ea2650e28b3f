import { runChecks } from './checks.js';
import type { Field, Shape } from './field.js';
import type { Fault, Faults } from './pretty.js';
import { fillIn } from './defaults.js';
import { ruleFault, typeFault } from './plain-fault.js';
import { type Entity, isReference, isTable, isUuid, type Value } from './value.js';

/** Faults of a whole entity, by field; undefined when there is none. `update` is for values merged into an entity. */
export function faultsOf(
  shape: Shape,
  entity: Entity,
  context: 'insert' | 'update' = 'insert',
): Faults | undefined {
  const faults: Faults = {};
  for (const [name, value] of Object.entries(entity)) {
    if (value === undefined) continue;
    const field = shape.fields[name];
    const fault = field ? faultOf(field, value) : 'unknown field';
    if (fault !== undefined) faults[name] = fault;
  }
  for (const [name, field] of Object.entries(shape.fields)) {
    const value = entity[name];
    if (field.required && (value === null || value === undefined)) faults[name] = 'required field missing';
  }
  runChecks(shape.entity_checks ?? [], entity, shape.fields, faults, context);
  return Object.keys(faults).length > 0 ? faults : undefined;
}

export function faultOf(field: Field, value: Value): Fault | undefined {
  const fault = typeFault(field, value);
  if (fault !== undefined || value === null) return fault;
  if (field.referenceable && isReference(value)) return undefined;
  return faultInside(field, value) ?? ruleFault(field, value);
}

function faultInside(field: Field, value: Value): Fault | undefined {
  if (field.elements && Array.isArray(value))
    return faultsOfList({ ...field.elements, required: true }, value);
  if (field.type === 'map' && isTable(value)) {
    for (const [key, item] of Object.entries(value)) {
      const fault =
        (field.keys && faultOf(field.keys, key)) ??
        (field.values && item !== undefined && faultOf(field.values, item));
      if (fault) return fault;
    }
  }
  if (field.type === 'record') {
    const shape = { fields: field.fields ?? {}, ...field } as Shape;
    const filled = fillIn(shape, isTable(value) ? value : {}, 'insert');
    return 'faults' in filled ? filled.faults : faultsOf(shape, filled.entity);
  }
  if (field.type === 'foreign' && isTable(value)) return faultOfKey(value);
  return undefined;
}

function faultOfKey(key: Entity): Fault | undefined {
  if (key['id'] === undefined || key['id'] === null) return { id: 'missing primary key' };
  if (!isUuid(key['id']))
    return { id: typeof key['id'] === 'string' ? 'expected a valid UUID' : 'expected a string' };
  return undefined;
}

function faultsOfList(element: Field, list: readonly Value[]): Fault | undefined {
  const faults: Fault[] = [];
  list.forEach((item, index) => {
    const fault = faultOf(element, item);
    if (fault !== undefined) faults[index] = fault;
  });
  return faults.length > 0 ? faults : undefined;
}
