import { describe, expect, it } from '@jest/globals';
import { entityId } from './names.js';

describe('ids in Kong', () => {
  it('are UUIDs of version 5, the same ones as every other implementation computes', () => {
    // python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID(NAMESPACE), "consumer:jan:someone"))'
    expect(entityId('consumer', 'jan', 'someone')).toBe('b6753a9b-54e4-5c0d-9aaf-8bfc7a483bc7');
  });

  it('differ by kind, realm and our id', () => {
    const ids = [
      entityId('consumer', 'jan', 'a'),
      entityId('credential', 'jan', 'a'),
      entityId('consumer', 'other', 'a'),
      entityId('consumer', 'jan', 'b'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
