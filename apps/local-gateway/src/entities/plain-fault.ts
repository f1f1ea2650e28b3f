import type { Field } from './field.js';
import { brokenRule } from './validators.js';
import { isReference, isTable, type Value } from './value.js';

const TYPE_FAULT = {
  string: 'expected a string', integer: 'expected an integer', number: 'expected a number',
  boolean: 'expected a boolean', array: 'expected an array', set: 'expected a set', map: 'expected a map',
  record: 'expected a record', foreign: 'expected a record', function: 'expected a function', json: '', any: '',
} as const; // prettier-ignore

/** What is wrong with a value by itself, without looking into it. */
export function plainFault(field: Field, value: Value): string | undefined {
  const fault = typeFault(field, value);
  if (fault !== undefined || value === null || (field.referenceable && isReference(value))) return fault;
  return ruleFault(field, value);
}

export function typeFault(field: Field, value: Value): string | undefined {
  if (value === null) return nullFault(field);
  if (field.eq === null) return field.err ?? 'value must be null';
  return hasType(field, value) ? undefined : TYPE_FAULT[field.type];
}

/** Empty texts are refused unless a field allows them. */
export function ruleFault(field: Field, value: Value): string | undefined {
  return brokenRule(
    value,
    field.type === 'string' && field.len_min === undefined ? { ...field, len_min: 1 } : field,
  );
}

function nullFault(field: Field): string | undefined {
  if (field.ne === null) return field.err ?? 'value must not be null';
  if (field.eq !== undefined && field.eq !== null) return `value must be ${JSON.stringify(field.eq)}`;
  return field.required ? 'required field missing' : undefined;
}

function hasType(field: Field, value: Value): boolean {
  switch (field.type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
    case 'set':
      return Array.isArray(value) || (isTable(value) && Object.keys(value).length === 0);
    case 'map':
    case 'record':
    case 'foreign':
      return isTable(value) || (Array.isArray(value) && value.length === 0);
    case 'json':
    case 'any':
      return true;
    default:
      return typeof value === field.type;
  }
}
