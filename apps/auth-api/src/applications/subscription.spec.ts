import { describe, expect, it } from '@jest/globals';
import { DEFAULT_PLAN, PLAN_NAMES, PLANS } from './plans.js';
import {
  AUTHS,
  changes,
  firstStatus,
  isMachine,
  STATUSES,
  type SubscriptionStatus,
  takesEndUsers,
  TRANSITIONS,
} from './subscription.js';

describe('the states of a subscription', () => {
  it('can all be reached from those that a plan begins with', () => {
    const reached = new Set<SubscriptionStatus>(PLAN_NAMES.map(firstStatus));
    for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next);
    expect([...reached].sort()).toEqual([...STATUSES].sort());
  });

  it('name only exits that exist, and none leads back to undecided', () => {
    for (const exits of Object.values(TRANSITIONS))
      for (const exit of exits) {
        expect(STATUSES).toContain(exit);
        expect(exit).not.toBe('pending');
      }
  });

  it('a decision that was taken changes nothing', () => {
    expect(changes('approved', 'approved')).toBe(false);
    expect(changes('refused', 'refused')).toBe(false);
    expect(changes('pending', 'approved')).toBe(true);
    expect(changes('approved', 'refused')).toBe(true);
    expect(changes('refused', 'approved')).toBe(true);
  });
});

describe('a plan', () => {
  it.each(PLAN_NAMES)('%s limits requests a minute, and more an hour', (name) => {
    const { minute = 0, hour = 0 } = PLANS[name].limits;
    expect(minute).toBeGreaterThan(0);
    expect(hour).toBeGreaterThan(minute);
  });

  it('gives more only to those whom somebody approved', () => {
    const free = PLANS[DEFAULT_PLAN];
    expect(free.approval).toBe(false);
    for (const { approval, limits } of Object.values(PLANS))
      if ((limits.minute ?? 0) > (free.limits.minute ?? 0)) expect(approval).toBe(true);
  });
});

describe('a kind of subscription', () => {
  it('is either a consumer itself or has end users', () => {
    for (const auth of AUTHS) expect(isMachine({ auth })).toBe(!takesEndUsers({ auth, status: 'approved' }));
  });

  it('takes end users only when it is approved', () => {
    expect(STATUSES.filter((status) => takesEndUsers({ auth: 'oauth2-implicit', status }))).toEqual([
      'approved',
    ]);
  });
});
