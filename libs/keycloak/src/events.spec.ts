import { describe, expect, it } from '@jest/globals';
import { KeycloakEvents } from './events.js';
import type { KeycloakOptions } from './options.js';
import type { ServiceAccount } from './service-account.js';

const user = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const OURSELVES = user(0);

interface Query {
  readonly first: number;
  readonly max: number;
}

function keycloakThatSays(events: readonly unknown[]): KeycloakEvents {
  const client = {
    realms: { findAdminEvents: () => Promise.resolve(events), findEvents: () => Promise.resolve([]) },
  };
  return new KeycloakEvents(serviceOf(client), { realm: 'jan' } as KeycloakOptions);
}

function serviceOf(client: unknown): ServiceAccount {
  const call = (_operation: string, work: (admin: unknown) => Promise<unknown>) => work(client);
  return { ownUserId: () => Promise.resolve(OURSELVES), call } as unknown as ServiceAccount;
}

/** Keycloak with as many admin events and events of users themselves, one a millisecond. */
function keycloakWith({ admin, self }: { admin: number; self: number }): KeycloakEvents {
  const page = (count: number, { first, max }: Query) =>
    Array.from({ length: Math.min(max, count - first) }, (_, i) => first + i + 1);
  const client = {
    realms: {
      findAdminEvents: (query: Query) =>
        Promise.resolve(
          page(admin, query).map((n) => ({
            id: `a${n}`,
            time: n,
            resourcePath: `users/${user(n)}/role-mappings/realm`,
            authDetails: { userId: n % 2 === 0 ? OURSELVES : user(999) },
          })),
        ),
      findEvents: (query: Query) =>
        Promise.resolve(page(self, query).map((n) => ({ id: `s${n}`, time: n, userId: user(n) }))),
    },
  };
  return new KeycloakEvents(serviceOf(client), { realm: 'jan' } as KeycloakOptions);
}

describe('changes of users in Keycloak', () => {
  it('are of administrators and of users themselves, in the order of time, ours marked', async () => {
    const events = await keycloakWith({ admin: 3, self: 2 }).since(0);
    expect(events.map(({ key }) => key)).toEqual(['a1', 's1', 'a2', 's2', 'a3']);
    expect(events.filter(({ own }) => own).map(({ key }) => key)).toEqual(['a2']);
    expect(events[0]?.userId).toBe(user(1));
  });

  it('are read page by page', async () => {
    expect(await keycloakWith({ admin: 450, self: 200 }).since(0)).toHaveLength(650);
  });

  it('are cut off where there are very many, and nothing runs ahead of the cut', async () => {
    const events = await keycloakWith({ admin: 50_000, self: 30_000 }).since(0);
    expect(events).toHaveLength(40_000);
    expect(events.at(-1)?.time).toBe(20_000);
    const uneven = await keycloakWith({ admin: 50_000, self: 10 }).since(0);
    expect(uneven).toHaveLength(20_010);
  });

  it('tell what can have ended an account from what cannot', async () => {
    const events = [
      ['users', 'UPDATE', true],
      ['users', 'DELETE', true],
      ['users', 'CREATE', false],
      ['role-mappings', 'DELETE', false],
    ].map(([kind, operationType, mayEnd], n) => {
      const below = kind === 'users' ? '' : `/${String(kind)}/realm`;
      return { id: `a${n}`, time: n, resourcePath: `users/${user(n)}${below}`, operationType, mayEnd };
    });
    const heard = await keycloakThatSays(events).since(0);
    expect(heard.map(({ mayEnd }) => mayEnd)).toEqual(events.map(({ mayEnd }) => mayEnd));
  });
});
