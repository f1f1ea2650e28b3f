import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { oddName } from './names.js';

describe('a JSON text', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"x":{"a":1,"a":2}}', 'x.a'],
    ['{"x":[{"a":1},{"b":2,"b":3}]}', 'x.b'],
  ])('%s gives a name twice', (text, field) => {
    expect(oddName(text)).toEqual({ field, detail: 'must be given once only' });
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'cannot name a field %s',
    (name) => {
      expect(oddName(`{"x":{"${name}":1}}`)).toEqual({
        field: `x.${name}`,
        detail: 'is not a field of this request',
      });
    },
  );

  it('has a bounded number of levels', () => {
    const nested = (levels: number) => `{"x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(oddName(nested(31))).toBeUndefined();
    expect(oddName(nested(32))).toEqual({ field: 'x', detail: 'must not have so many levels' });
  });

  it('has a bounded number of entries, whether in lists or in objects', () => {
    const list = (length: number) => JSON.stringify({ x: new Array(length).fill(0) });
    const names = Array.from({ length: 50_001 }, (_, index) => `"k${index}":0`);
    expect(oddName(list(50_000))).toBeUndefined();
    expect(oddName(list(50_001))).toEqual({ field: 'x', detail: 'must not have so many entries' });
    expect(oddName(`{${names.join()}}`)?.detail).toBe('must not have so many entries');
    expect(oddName(JSON.stringify({ x: ','.repeat(60_000) }))).toBeUndefined();
  });

  it('may hold a text of megabytes', () => {
    const text = JSON.stringify({ picture: 'x'.repeat(12 * 1024 * 1024) });
    expect(oddName(text)).toBeUndefined();
    expect(oddName(`{"a":${text},"a":1}`)).toEqual({ field: 'a', detail: 'must be given once only' });
  });

  it('with names once each is fine, whatever stands in its texts', () => {
    const texts = fc.object({ maxDepth: 5, key: fc.string().map((key) => `k${key}`), values: [fc.string()] });
    fc.assert(fc.property(texts, (value) => oddName(JSON.stringify(value)) === undefined));
    expect(oddName('{"a":"{\\"b\\":1,\\"b\\":2}","b":[{"a":1},{"a":2}],"c":{"a":"a"}}')).toBeUndefined();
  });
});
