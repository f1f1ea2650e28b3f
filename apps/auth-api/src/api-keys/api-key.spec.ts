import { describe, expect, it } from '@jest/globals';
import { DAY_MS, judge, type KnownKey, statusOf } from './api-key.js';

const NOW = new Date('2026-01-10T00:00:00Z');
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

describe('the status of a key', () => {
  it.each([
    ['active', inDays(8), undefined],
    ['expiring', inDays(7), undefined],
    ['expiring', new Date(NOW.getTime() + 1), undefined],
    ['expired', NOW, undefined],
    ['expired', inDays(-1), undefined],
    ['revoked', inDays(30), inDays(-1)],
    ['revoked', inDays(-30), inDays(-40)],
  ])('is %s', (status, expiresAt, revokedAt) => {
    expect(statusOf({ expiresAt, revokedAt }, NOW)).toBe(status);
  });
});

describe('a key in use', () => {
  const good: KnownKey = {
    id: 'k',
    userId: 'u',
    scopes: ['llm'],
    tier: undefined,
    expiresAt: inDays(1),
    revokedAt: undefined,
    owner: {
      username: 'ann',
      email: undefined,
      emailVerified: false,
      guest: false,
      enabled: true,
      deleted: false,
      roles: [],
    },
  };

  it('is good while it lasts and its owner may act', () => {
    expect(judge(good, NOW)).toEqual({ valid: true, key: good });
  });

  it.each([
    ['expired', good, inDays(1)],
    ['revoked', { ...good, revokedAt: NOW }, NOW],
    ['user-disabled', { ...good, owner: { ...good.owner, enabled: false } }, NOW],
    ['user-deleted', { ...good, owner: { ...good.owner, enabled: false, deleted: true } }, NOW],
  ])('is refused as %s', (reason, key, now) => {
    expect(judge(key, now)).toEqual({ valid: false, reason });
  });
});
