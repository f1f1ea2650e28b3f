import { describe, expect, it } from '@jest/globals';
import { schemaViolation } from './errors.js';
import { pretty } from './pretty.js';

describe('a message shows a value', () => {
  it('on one line, keys in order, null as null', () => {
    expect(pretty({ name: 'x', consumer: { id: '1' }, a: null }, '')).toBe(
      '{a=null,consumer={id="1"},name="x"}',
    );
  });

  it('with its place in a list that has holes', () => {
    const list: string[] = [];
    list[1] = 'second';
    expect(pretty(list, '')).toBe('{[2]="second"}');
  });

  it('on several lines inside a schema violation', () => {
    const { error } = schemaViolation({ config: { claims: ['bad'] } });
    expect(error.message).toBe('schema violation (config.claims: {\n  "bad"\n})');
  });
});

describe('a schema violation', () => {
  it('counts, what is about the whole entity first', () => {
    const { error } = schemaViolation({ b: 'two', a: 'one', '@entity': ['zero'] });
    expect(error.message).toBe('3 schema violations (zero; a: one; b: two)');
  });
});
