import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { madeAt, newMediaId } from './media-id.js';
import { ownerName } from './owner-name.js';

describe('the id of an object', () => {
  it('is a UUID that says when it was made, and sorts before all that were made earlier', () => {
    const time = fc.integer({ min: 0, max: 2 ** 47 });
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [a, b] = [newMediaId(one), newMediaId(other)];
        expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(madeAt(a).getTime()).toBe(one);
        if (one !== other) expect(a < b).toBe(one > other);
      }),
    );
  });

  it('is not the same twice in one moment', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newMediaId(1))).size).toBe(1000);
  });
});

describe('the name that an owner’s objects are filed under', () => {
  it('is the id of a person, and one harmless word for any other id', () => {
    const person = '0b8f3a4e-5d57-4c5a-9d1c-0a3b8f0d2c11';
    expect(ownerName(person)).toBe(person);
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(ownerName(one)).toMatch(/^h-[0-9a-f]{64}$/);
        expect(ownerName(one) === ownerName(other)).toBe(one === other);
      }),
    );
  });
});
