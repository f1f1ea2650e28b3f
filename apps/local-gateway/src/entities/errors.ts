import { type Faults, pretty } from './pretty.js';
import type { Entity, Value } from './value.js';

/** A refusal as the Admin API shows it: code, name, message, and what it is about. */
export interface KongError {
  readonly code: number;
  readonly name: string;
  readonly message: string;
  readonly fields?: object;
  readonly options?: object;
}

const STATUS: Readonly<Record<number, number>> = {
  1: 400, 2: 400, 3: 400, 4: 400, 5: 409, 6: 404, 7: 400, 8: 500, 9: 400, 10: 400, 11: 400, 12: 405, 13: 400, 14: 400, 19: 400,
}; // prettier-ignore

/** Thrown by everything that reads or writes entities; the Admin API answers with it. */
export class Refusal extends Error {
  constructor(readonly error: KongError) {
    super(error.message);
    this.name = 'Refusal';
  }
  get status(): number {
    return STATUS[this.error.code] ?? 500;
  }
}

const refusal = (code: number, name: string, message: string, about: Partial<KongError> = {}) =>
  new Refusal({ code, name, message, ...about });

export function schemaViolation(faults: Faults): Refusal {
  const texts: string[] = [];
  const whole = faults['@entity'];
  if (Array.isArray(whole)) texts.push(...whole.map(String));
  for (const field of Object.keys(faults).sort()) {
    const fault = faults[field];
    if (field === '@entity' || fault === undefined) continue;
    if (typeof fault === 'string') texts.push(`${field}: ${fault}`);
    else
      for (const [part, inner] of Object.entries(fault).sort(([a], [b]) => (a < b ? -1 : 1))) {
        const name = Array.isArray(fault) ? Number(part) + 1 : part;
        texts.push(`${field}.${name}: ${typeof inner === 'string' ? inner : pretty(inner)}`);
      }
  }
  const count = texts.length === 1 ? 'schema violation' : `${texts.length} schema violations`;
  return refusal(2, 'schema violation', `${count} (${texts.join('; ')})`, { fields: faults });
}

export const primaryKeyViolation = (key: Entity) =>
  refusal(3, 'primary key violation', `primary key violation on key '${pretty(key, '')}'`, { fields: key });

export const invalidReference = (key: Entity, field: string, parent: string) =>
  refusal(
    4,
    'foreign key violation',
    `the foreign key '${pretty(key, '')}' does not reference an existing '${parent}' entity.`,
    { fields: { [field]: key } },
  );

export const stillReferenced = (parent: string, child: string) =>
  refusal(4, 'foreign key violation', `an existing '${child}' entity references this '${parent}' entity`, {
    fields: { '@referenced_by': child },
  });

export const uniqueViolation = (key: Entity) =>
  refusal(5, 'unique constraint violation', `UNIQUE violation detected on '${pretty(key, '')}'`, {
    fields: key,
  });

export const notFound = (key: Entity) =>
  refusal(6, 'not found', `could not find the entity with primary key '${pretty(key, '')}'`, { fields: key });

export const notFoundBy = (field: string, value: Value) =>
  refusal(6, 'not found', `could not find the entity with '${pretty({ [field]: value }, '')}'`, {
    fields: { [field]: value },
  });

export const invalidOffset = (offset: string, why: string) =>
  refusal(7, 'invalid offset', `'${offset}' is not a valid offset: ${why}`);

export const invalidSize = (why: string) => refusal(9, 'invalid size', why);

export function invalidOptions(options: Record<string, string>): Refusal {
  const texts = Object.entries(options).map(([name, why]) => `${name}: ${why}`);
  const count = texts.length === 1 ? 'invalid option' : `${texts.length} option violations`;
  return refusal(11, 'invalid options', `${count} (${texts.join('; ')})`, { options });
}

export const unsupported = (message: string) => refusal(12, 'operation unsupported', message);

export function foreignKeyUnresolved(field: string, by: string, value: Value, parent: string): Refusal {
  const why = `the foreign key cannot be resolved with '${pretty({ [by]: value }, '')}' for an existing '${parent}' entity`;
  return refusal(13, 'foreign keys unresolved', `foreign key unresolved (${field}.${by}: ${why})`, {
    fields: { [field]: { [by]: why } },
  });
}

export const declarativeConfig = (faults: Faults) =>
  refusal(14, 'invalid declarative configuration', `declarative config is invalid: ${pretty(faults, '')}`, {
    fields: faults,
  });
