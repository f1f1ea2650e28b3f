import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Problem } from '#problem';
import { bodySchema, parseBody } from './open-body.js';

const PART = z.union([
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('link'), to: z.url('must be a link') }),
]);
const SCHEMA = z.strictObject({
  name: z.string().max(5, 'must have at most 5 characters'),
  count: z.int().optional(),
  said: z.union([z.string(), z.array(PART)]).optional(),
});

function faults(body: unknown, schema: z.ZodType = SCHEMA): unknown {
  try {
    return parseBody(schema, body);
  } catch (error) {
    return (error as Problem).extensions['errors'];
  }
}

describe('a body that no DTO describes', () => {
  it('comes out as it is when it is good', () => {
    const body = { name: 'anne', said: [{ type: 'text', text: 'x' }] };
    expect(faults(body)).toEqual(body);
  });

  it.each([
    [undefined, 'body', 'must be given'],
    [[], 'body', 'must be an object'],
    [{}, 'name', 'must be given'],
    [{ name: null }, 'name', 'must be text'],
    [{ name: 'too long' }, 'name', 'must have at most 5 characters'],
    [{ name: 'x', count: 1.5 }, 'count', 'must be a whole number'],
    [{ name: 'x', other: 1 }, 'other', 'is not a field of this request'],
    [{ name: 'x', said: 5 }, 'said', 'is of a kind that is not known here'],
    [{ name: 'x', said: [{ type: 'text' }] }, 'said.0.text', 'must be given'],
    [{ name: 'x', said: [{ type: 'link', to: 'no' }] }, 'said.0.to', 'must be a link'],
  ])('%j names the field at fault', (body, field, detail) => {
    expect(faults(body)).toEqual([{ field, detail }]);
  });

  it('is not answered with more faults than anybody mends at once', () => {
    const texts = z.record(z.string(), z.string());
    const body = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, index]));
    expect(faults(body, texts)).toHaveLength(100);
  });

  it('is described in OpenAPI by the same schema', () => {
    expect(bodySchema(SCHEMA)).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: { name: { type: 'string', maxLength: 5 } },
    });
  });
});
