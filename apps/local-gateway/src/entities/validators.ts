import { isDeepStrictEqual } from 'node:util';
import type { Field } from './field.js';
import { luaPattern } from './lua-pattern.js';
import type { Value } from './value.js';

type Validator = (value: Value, field: Partial<Field>) => string | undefined;
const text = (value: Value) => (typeof value === 'string' ? value : '');
const length = (value: Value) =>
  typeof value === 'string' ? Buffer.byteLength(value) : Object.keys(Object(value) as object).length;
const shown = (value: Value | undefined) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** In Kong's order: the first that fails gives the message. */
const VALIDATORS: readonly Validator[] = [
  (value, { eq }) =>
    eq === undefined || isDeepStrictEqual(value, eq) ? undefined : `value must be ${shown(eq)}`,
  (value, { ne }) =>
    ne === undefined || !isDeepStrictEqual(value, ne) ? undefined : `value must not be ${shown(value)}`,
  (value, { not_one_of: not }) =>
    not?.includes(value as string) ? `must not be one of: ${not.join(', ')}` : undefined,
  (value, { one_of: of }) =>
    of && !of.includes(value as string) ? `expected one of: ${of.join(', ')}` : undefined,
  (value, { gt }) =>
    gt !== undefined && Number(value) <= gt ? `value must be greater than ${gt}` : undefined,
  (value, { timestamp }) => (timestamp && Number(value) <= 0 ? 'expected a valid timestamp' : undefined),
  (value, { uuid }) =>
    uuid && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text(value))
      ? 'expected a valid UUID'
      : undefined,
  (value, { is_regex: regex }) =>
    regex && !isRegex(text(value)) ? `not a valid regex: ${text(value)}` : undefined,
  (value, { between }) =>
    between && (Number(value) < Number(between[0]) || Number(value) > Number(between[1]))
      ? `value should be between ${between[0]} and ${between[1]}`
      : undefined,
  (value, { len_eq: n }) => (n !== undefined && length(value) !== n ? `length must be ${n}` : undefined),
  (value, { len_min: n }) =>
    n !== undefined && length(value) < n ? `length must be at least ${n}` : undefined,
  (value, { len_max: n }) =>
    n !== undefined && length(value) > n ? `length must be at most ${n}` : undefined,
  (value, { starts_with: start }) =>
    start !== undefined && !text(value).startsWith(start) ? `should start with: ${start}` : undefined,
  (value, { not_match: pattern }) =>
    pattern && luaPattern(pattern).test(text(value)) ? `invalid value: ${text(value)}` : undefined,
  (value, { match_none: list }) => list?.find(({ pattern }) => luaPattern(pattern).test(text(value)))?.err,
  (value, { match: pattern }) =>
    pattern && !luaPattern(pattern).test(text(value)) ? `invalid value: ${text(value)}` : undefined,
  (value, { match_all: list }) => list?.find(({ pattern }) => !luaPattern(pattern).test(text(value)))?.err,
  (value, { match_any: any }) =>
    any && !any.patterns.some((pattern) => luaPattern(pattern).test(text(value)))
      ? (any.err ?? 'invalid value')
      : undefined,
  (value, { contains }) =>
    contains !== undefined && !(Array.isArray(value) && value.includes(contains))
      ? `expected to contain: ${shown(contains)}`
      : undefined,
  (value, { mutually_exclusive_subsets: subsets }) =>
    subsets ? exclusive(value as string[], subsets) : undefined,
  (value, { custom_validator: check }) => check?.(value),
];

/** Rules of a field besides its type; the message of the first that fails. */
export function brokenRule(value: Value, field: Partial<Field>): string | undefined {
  for (const validator of VALIDATORS) {
    const fault = validator(value, field);
    if (fault !== undefined) return field.err ?? fault;
  }
  return undefined;
}

export function isRegex(source: string): boolean {
  try {
    new RegExp(source.replace(/\(\?[a-z]+\)/g, '').replace(/\(\?P?</g, '(?<'), 'u');
    return true;
  } catch {
    try {
      new RegExp(source.replace(/\(\?P</g, '(?<'));
      return true;
    } catch {
      return false;
    }
  }
}

function exclusive(values: readonly string[], subsets: readonly (readonly string[])[]): string | undefined {
  const present = subsets.filter((subset) => subset.some((item) => values.includes(item)));
  if (present.length < 2) return undefined;
  const sets = present.map((subset) => `('${subset.filter((item) => values.includes(item)).join("', '")}')`);
  return `these sets are mutually exclusive: ${sets.join(', ')}`;
}
