import { describe, expect, it } from '@jest/globals';
import { changesBetween, credentialOf, type RealmKey, realmKeysAfter, TOKEN_LIFE_MS } from './realm-key.js';

const NOW = new Date('2026-01-10T12:00:00Z');
const after = (ms: number) => new Date(NOW.getTime() + ms);
const published = (...kids: string[]) => kids.map((kid) => ({ kid, publicKey: `PEM of ${kid}` }));
const known = (kid: string, retiredAt?: Date): RealmKey => ({
  kid,
  publicKey: `PEM of ${kid}`,
  firstSeenAt: after(-1000),
  retiredAt,
});
const kidsOf = (keys: readonly RealmKey[]) => keys.map(({ kid }) => kid).sort();

describe('the keys to go by', () => {
  it('are those that the realm publishes, each since it was first seen', () => {
    const keys = realmKeysAfter([known('a')], published('a', 'b'), NOW);
    expect(keys.map(({ kid, firstSeenAt, retiredAt }) => [kid, firstSeenAt, retiredAt])).toEqual([
      ['a', after(-1000), undefined],
      ['b', NOW, undefined],
    ]);
  });

  it('keep one that is published no more for as long as its tokens live, from when that was noticed', () => {
    const [, gone] = realmKeysAfter([known('a'), known('b')], published('a'), NOW);
    expect(gone).toEqual({ ...known('b'), retiredAt: NOW });
    const later = (ms: number) => kidsOf(realmKeysAfter([known('a'), gone!], published('a'), after(ms)));
    expect(later(TOKEN_LIFE_MS - 1)).toEqual(['a', 'b']);
    expect(later(TOKEN_LIFE_MS)).toEqual(['a']);
  });

  it('take one back that is published again, as if it had never left', () => {
    expect(realmKeysAfter([known('a', after(-500))], published('a'), NOW)).toEqual([known('a')]);
  });

  it('are without one that is gone, retired or not, where gone means disabled', () => {
    const before = [known('a'), known('b'), known('c', after(-500))];
    expect(kidsOf(realmKeysAfter(before, published('a'), NOW, { goneIsDisabled: true }))).toEqual(['a']);
  });

  it('are the same however often the same is read', () => {
    const once = realmKeysAfter([known('a'), known('b')], published('c', 'a'), NOW);
    const twice = realmKeysAfter(once, published('a', 'c'), after(5));
    expect(changesBetween(once, twice)).toEqual([]);
  });

  it('count a kid once that is published twice', () => {
    expect(kidsOf(realmKeysAfter([], published('a', 'a'), NOW))).toEqual(['a']);
  });
});

describe('what became of the keys', () => {
  it('is published, retired or removed', () => {
    const before = [known('stays'), known('retires'), known('returns', NOW), known('goes', NOW)];
    const now = [known('stays'), known('retires', NOW), known('returns'), known('new')];
    expect(changesBetween(before, now)).toEqual([
      { kid: 'retires', change: 'retired' },
      { kid: 'returns', change: 'published' },
      { kid: 'new', change: 'published' },
      { kid: 'goes', change: 'removed' },
    ]);
  });

  it('is published too where a kid stands for another key now', () => {
    const other = { ...known('a'), publicKey: 'another PEM' };
    expect(changesBetween([known('a')], [other])).toEqual([{ kid: 'a', change: 'published' }]);
  });
});

describe('the credential of a key', () => {
  it('belongs to the consumer of the topology and is found by an id of ours, whatever the kid looks like', () => {
    const kid = '5f0c2b1e-8a54-4c7e-9d1f-0123456789ab';
    const { id, ...rest } = credentialOf({ kid, publicKey: 'PEM' }, 'jan');
    expect(id).not.toBe(kid);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(rest).toEqual({
      key: kid,
      algorithm: 'RS256',
      rsa_public_key: 'PEM',
      consumer: { id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5/) },
      tags: ['managed-by:gatehouse', 'realm-key'],
    });
    expect(credentialOf({ kid, publicKey: 'PEM' }, 'other').id).not.toBe(id);
  });
});
