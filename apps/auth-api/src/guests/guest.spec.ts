import { describe, expect, it } from '@jest/globals';
import { FIRST_STATE, type GuestState, statesBefore, TRANSITIONS, usernameFault } from './guest.js';

describe('the states of a guest', () => {
  it('can all be reached from the first one', () => {
    const reached = new Set<GuestState>([FIRST_STATE]);
    for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next);
    expect([...reached].sort()).toEqual(Object.keys(TRANSITIONS).sort());
  });

  it('name only exits that exist', () => {
    for (const exits of Object.values(TRANSITIONS))
      for (const exit of exits) expect(Object.keys(TRANSITIONS)).toContain(exit);
  });

  it('lead to member through upgrading alone', () => {
    expect(statesBefore('member')).toEqual(['upgrading']);
    expect(statesBefore('active')).toEqual(['creating', 'upgrading']);
  });
});

describe('a username', () => {
  it.each(['admin', 'Root', 'system', 'guest-1', 'tier-key', 'kong-anon', 'service-account-x'])(
    'cannot be %s',
    (username) => {
      expect(usernameFault(username)).toMatch(/reserved/);
    },
  );
  it.each(['alice', 'administrator', 'guestbook', 'a.b-c_9'])('can be %s', (username) => {
    expect(usernameFault(username)).toBeUndefined();
  });
});
