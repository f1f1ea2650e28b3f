import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './list-cursor.js';

const END = { createdAtUs: '1763900000123456', id: '3b6f0c9e-54a1-4d0c-8f8b-3d9a3d6b7c11' };

describe('the cursor of the list', () => {
  it('keeps the microseconds that tell consumers of one batch apart', () => {
    expect(decodeCursor(encodeCursor(END))).toEqual(END);
  });

  it.each([
    '',
    'x',
    `1.${END.id}`,
    encodeCursor({ ...END, createdAtUs: '' }),
    encodeCursor({ ...END, id: '1' }),
  ])('refuses %j, which is none', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow('cursor: must be a next_cursor of this list');
  });
});
