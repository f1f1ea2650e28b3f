import { describe, expect, it } from '@jest/globals';
import type { Principal } from './principal.js';
import { ConfusedDeputy, Forbidden, KeysUnavailable, Unauthenticated } from './principal.problems.js';
import { verdict } from './verdict.js';

const person = (id: string) => ({ kind: 'user', id }) as Principal;
const [anne, bert] = [person('anne'), person('bert')];
const unverified = Unauthenticated({ reason: 'expired', realm: 'jan' });
const refused = Forbidden({ roles: ['admin'] });
const outage = KeysUnavailable();
const fault = new TypeError('ours');

describe('the verdict', () => {
  it('is nobody when nothing was sent, and the first of those who are the same person', () => {
    expect(verdict({ principals: [], failures: [] })).toBeUndefined();
    expect(verdict({ principals: [anne, person('anne')], failures: [] })).toBe(anne);
  });

  it('is a confused deputy when two good credentials name different people', () => {
    expect(() => verdict({ principals: [anne, bert], failures: [] })).toThrow(
      expect.objectContaining({ type: ConfusedDeputy.definition.type }),
    );
  });

  it.each([
    ['one that fails beside a good one', [anne], [unverified], unverified],
    ['an outage above a refusal', [], [refused, outage], outage],
    ['a refusal above what is unverified', [], [unverified, refused], refused],
    [
      'the first of two equals',
      [],
      [unverified, Unauthenticated({ reason: 'missing', realm: 'jan' })],
      unverified,
    ],
    ['a fault of ours above all', [anne], [outage, fault], fault],
  ] as const)('reports %s', (_name, principals, failures, reported) => {
    let thrown: unknown;
    try {
      verdict({ principals, failures });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(reported);
  });
});
