import { describe, expect, it } from '@jest/globals';
import { limitsFault, ownConsumer, ownConsumerId } from './user-limits.js';

const ID = '3b6f0c9e-54a1-4d0c-8f8b-3d9a3d6b7c11';

describe("a person's own consumer", () => {
  it('has the id that the gateway computes for him: kong/spec and libs/config hold the two together', () => {
    expect(ownConsumerId('jan', 'someone')).toBe('b6753a9b-54e4-5c0d-9aaf-8bfc7a483bc7');
  });

  it('says whether he is a guest, and lets nobody sign in as it', () => {
    expect(ownConsumer('jan', { id: ID, guest: true }, { minute: 5 })).toEqual({
      id: ownConsumerId('jan', ID),
      origin: 'user',
      username: `user-${ID}`,
      customId: ID,
      tags: ['keycloak', 'guest'],
      groups: [],
      limits: { minute: 5 },
      credentials: [],
    });
    expect(ownConsumer('jan', { id: ID, guest: false }, {}).tags).toEqual(['keycloak', 'registered']);
  });
});

describe('limits', () => {
  it.each([
    [{}, undefined],
    [{ minute: 5 }, undefined],
    [{ hour: 1 }, undefined],
    [{ minute: 5, hour: 5 }, undefined],
    [
      { minute: 6, hour: 5 },
      { field: 'per_hour', detail: 'must be at least per_minute' },
    ],
  ])('%j', (limits, fault) => {
    expect(limitsFault(limits)).toEqual(fault);
  });
});
