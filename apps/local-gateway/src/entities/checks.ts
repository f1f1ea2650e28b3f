import type { EntityCheck, Field, Fields } from './field.js';
import type { Fault, Faults } from './pretty.js';
import { at, type Entity, isNonempty, isReference, type Value } from './value.js';
import { plainFault } from './plain-fault.js';

const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** Checks between fields, in order; those whose fields already have a fault are left out. */
export function runChecks(
  checks: readonly EntityCheck[],
  entity: Entity,
  fields: Fields,
  faults: Faults,
  context: 'insert' | 'update',
): void {
  for (const check of checks) {
    if (sources(check).some((name) => hasFault(faults, name) || isReferenceField(fields, entity, name)))
      continue;
    const fault = runCheck(check, entity, fields, faults, context);
    if (fault === undefined) continue;
    const list = faults['@entity'];
    if (Array.isArray(list)) list.push(fault);
    else faults['@entity'] = [fault];
  }
}

function sources(check: EntityCheck): readonly string[] {
  const { conditional_at_least_one_of: least, custom_entity_check: custom } = check;
  if (least) return [least.if_field];
  if (custom) return custom.field_sources;
  return []; // the others run whatever the faults of their fields
}

function runCheck(
  check: EntityCheck,
  entity: Entity,
  fields: Fields,
  faults: Faults,
  context: 'insert' | 'update',
): string | undefined {
  const filled = (names: readonly string[]) => names.filter((name) => isNonempty(at(entity, name)));
  const updating = context === 'update' ? 'when updating, ' : '';
  if (check.at_least_one_of)
    return filled(check.at_least_one_of).length > 0
      ? undefined
      : `${updating}at least one of these fields must be non-empty: ${quoted(check.at_least_one_of)}`;
  if (check.only_one_of)
    return filled(check.only_one_of).length === 1
      ? undefined
      : `exactly one of these fields must be non-empty: ${quoted(check.only_one_of)}`;
  if (check.mutually_exclusive)
    return filled(check.mutually_exclusive).length < 2
      ? undefined
      : `only one or none of these fields must be set: ${quoted(check.mutually_exclusive)}`;
  if (check.mutually_required) {
    const count = filled(check.mutually_required).length;
    return count === 0 || count === check.mutually_required.length
      ? undefined
      : `all or none of these fields must be set: ${quoted(check.mutually_required)}`;
  }
  if (check.distinct) {
    const values = check.distinct.map((name) => at(entity, name)).filter((value) => value !== null);
    return new Set(values).size === values.length
      ? undefined
      : `values of these fields must be distinct: ${quoted(check.distinct)}`;
  }
  if (check.conditional) return conditional(check.conditional, entity, fields, faults);
  if (check.conditional_at_least_one_of) {
    const { if_field, if_match, then_at_least_one_of: then, then_err } = check.conditional_at_least_one_of;
    const {
      else_match,
      else_then_at_least_one_of: otherwise,
      else_then_err,
    } = check.conditional_at_least_one_of;
    const value = at(entity, if_field) ?? null;
    const refused = (names: readonly string[], err: string | undefined) =>
      filled(names).length > 0
        ? undefined
        : updating +
          (err ?? 'at least one of these fields must be non-empty: %s').replace('%s', quoted(names));
    if (matches(fieldAt(fields, if_field), value, if_match)) return refused(then, then_err);
    if (else_match && otherwise && matches(fieldAt(fields, if_field), value, else_match))
      return refused(otherwise, else_then_err);
    return undefined;
  }
  return check.custom_entity_check?.fn(entity);
}

function conditional(
  check: NonNullable<EntityCheck['conditional']>,
  entity: Entity,
  fields: Fields,
  faults: Faults,
): string | undefined {
  const { if_field: ifField, if_match: ifMatch, then_field: thenField, then_match: thenMatch } = check;
  if (!matches(fieldAt(fields, ifField), at(entity, ifField) ?? null, ifMatch)) return undefined;
  const fault = plainFault({ ...fieldAt(fields, thenField), ...thenMatch }, at(entity, thenField) ?? null);
  if (fault === undefined) return undefined;
  putFault(faults, thenField, fault);
  return check.then_err ?? `failed conditional validation given value of field '${ifField}'`;
}

/** What a match does not say, the field itself does. */
function matches(field: Field, value: Value, match: Partial<Field>): boolean {
  return plainFault({ ...field, ...match }, value) === undefined;
}

function fieldAt(fields: Fields, path: string): Field {
  let field: Field | undefined;
  let inner: Fields | undefined = fields;
  for (const part of path.split('.')) {
    field = inner?.[part];
    inner = field?.fields;
  }
  return field ?? { type: 'any' };
}

function hasFault(faults: Faults, path: string): boolean {
  let fault: unknown = faults;
  for (const part of path.split('.')) {
    if (typeof fault !== 'object' || fault === null) return fault !== undefined;
    fault = (fault as Record<string, unknown>)[part];
  }
  return fault !== undefined;
}

function putFault(faults: Faults, path: string, fault: Fault): void {
  const parts = path.split('.');
  const last = parts.pop() ?? path;
  let node = faults;
  for (const part of parts) {
    const next = node[part];
    node = typeof next === 'object' && !Array.isArray(next) ? next : (node[part] = {});
  }
  node[last] = fault;
}

function isReferenceField(fields: Fields, entity: Entity, path: string): boolean {
  return fieldAt(fields, path).referenceable === true && isReference(at(entity, path));
}
