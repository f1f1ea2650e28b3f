import { z } from 'zod';
import { type FieldFault, ValidationFailed } from '#problem';
import type { SchemaObject } from './openapi.js';

/** Nobody mends more at once, and the answer to a body full of faults must not be longer than the body. */
const MOST_FAULTS = 100;

/**
 * Checks a body that no DTO can describe, because it is open to fields that others understand, or because a field may be
 * of one kind or another.
 *
 * @throws {Problem} ValidationFailed naming each field at fault, the first hundred of them
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body, { reportInput: true });
  if (result.success) return result.data;
  throw ValidationFailed({
    errors: oneEach(result.error.issues.slice(0, MOST_FAULTS).map((issue) => faultOf(issue))),
  });
}

/** The same schema as an OpenAPI document has it. */
export function bodySchema(schema: z.ZodType): SchemaObject {
  const plain: Record<string, unknown> = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  delete plain['$schema'];
  return plain;
}

type Issue = z.core.$ZodIssue;

function faultOf(issue: Issue, above: readonly PropertyKey[] = []): FieldFault {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const [nearest] = issue.errors.flatMap(([first]) => first ?? []).sort((a, b) => depth(b) - depth(a));
    if (nearest !== undefined && depth(nearest) > 0) return faultOf(nearest, path);
    return { field: nameOf(path), detail: 'is of a kind that is not known here' };
  }
  if (issue.code === 'unrecognized_keys')
    return { field: nameOf([...path, issue.keys[0] ?? '']), detail: 'is not a field of this request' };
  return { field: nameOf(path), detail: issue.input === undefined ? 'must be given' : wording(issue) };
}

function depth(issue: Issue): number {
  if (issue.code !== 'invalid_union') return issue.path.length;
  const below = issue.errors.flatMap(([first]) => (first === undefined ? [] : [depth(first)]));
  return issue.path.length + Math.max(0, ...below);
}

/** zod's own words are those of a programmer; what is said of values stands in the schemas. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function wording(issue: Issue): string {
  return issue.code === 'invalid_type' ? `must be ${KINDS[issue.expected] ?? issue.expected}` : issue.message;
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'body' : path.map(String).join('.');
}

function oneEach(faults: readonly FieldFault[]): FieldFault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.field, fault])).values()].reverse();
}
