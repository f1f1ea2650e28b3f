/**
 * The life of a guest. `creating` and `upgrading` are steps under way: whoever finds one left behind by a process that
 * died settles it by what Keycloak says.
 */
export type GuestState = 'creating' | 'active' | 'upgrading' | 'member' | 'expired' | 'abandoned';

/** Where each state may go; a state with no exit is final. */
export const TRANSITIONS: Readonly<Record<GuestState, readonly GuestState[]>> = {
  creating: ['active', 'abandoned'],
  active: ['upgrading', 'expired'],
  upgrading: ['member', 'active'],
  member: [],
  expired: [],
  abandoned: [],
};

export const FIRST_STATE: GuestState = 'creating';

/** The states from which `to` can be reached in one step: what an update must find. */
export function statesBefore(to: GuestState): readonly GuestState[] {
  return (Object.keys(TRANSITIONS) as GuestState[]).filter((state) => TRANSITIONS[state].includes(to));
}

const RESERVED = /^(admin|root|system|guest-.*|tier-.*|kong-.*|service-account-.*)$/i;

/** What is wrong with a username for a registered person, or undefined. The shape is checked before. */
export function usernameFault(username: string): string | undefined {
  return RESERVED.test(username) ? 'is reserved, choose another' : undefined;
}
