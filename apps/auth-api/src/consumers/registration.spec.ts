import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newClient, newClientKey, normaliseEmail, registrationHash, usernameOf } from './registration.js';

const TAKEN = /^(admin|root|system|guest-.*|tier-.*|kong-.*|keycloak-issuer|service-account-.*|user-.*)$/;
/** Any text, and text that is likely to go wrong. */
const NAMES = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({
    unit: fc.constantFrom('a', '-', ' ', '$', '@', '/', '.', 'é', 'İ', '漢', '\u{1f600}'),
    maxLength: 60,
  }),
  fc.constantFrom(
    'guest',
    'Guest-1',
    'TIER gold',
    'kong',
    'user',
    'admin',
    'root',
    'keycloak issuer',
    'K\u212aong',
  ),
);

describe('the username of a registered client', () => {
  it.each([
    ['DemoApp', 'demoapp-1'],
    ['  My  Café No. 5 ', 'my-cafe-no-5-1'],
    ['漢字', 'client-1'],
    ['---', 'client-1'],
    ['guest', 'client-guest-1'],
    ['Tier Gold', 'client-tier-gold-1'],
    ['Kong', 'client-kong-1'],
    ['admin', 'client-admin-1'],
    ['administration', 'administration-1'],
    ['mail@example.com$api/v1', 'mail-example-com-api-v1-1'],
  ])('%j is %s', (name, username) => {
    expect(usernameOf(name, '1')).toBe(username);
  });

  it('is plain, short and nobody else’s, whatever the client is called', () => {
    fc.assert(
      fc.property(NAMES, (name) => {
        const { username } = newClient('jan', { clientName: name, email: 'a@example.com' });
        expect(username).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(username.length).toBeLessThanOrEqual(60);
        expect(username).not.toMatch(TAKEN);
      }),
    );
  });

  it('is another one for each client of the same name', () => {
    const made = Array.from({ length: 50 }, () =>
      newClient('jan', { clientName: 'x', email: 'a@example.com' }),
    );
    expect(new Set(made.map(({ username }) => username)).size).toBe(50);
    expect(new Set(made.map(({ id }) => id)).size).toBe(50);
  });
});

describe('an e-mail', () => {
  it.each([
    ['Anne@Example.COM', 'anne@example.com'],
    ['  anne@example.com ', 'anne@example.com'],
    ['JOSÉ@example.com', 'josé@example.com'],
    ['jose\u0301@example.com', 'josé@example.com'],
  ])('%j is %s', (typed, email) => {
    expect(normaliseEmail(typed)).toBe(email);
  });
});

describe('the key of a registered client', () => {
  it('is 32 random bytes with an id of its own', () => {
    const [one, other] = [newClientKey('jan'), newClientKey('jan')];
    expect(Buffer.from(one.key.reveal(), 'base64url')).toHaveLength(32);
    expect(one.key.reveal()).not.toBe(other.key.reveal());
    expect(one.id).not.toBe(other.id);
  });
});

describe('the same request', () => {
  const email = 'anne@example.com';

  it('is the same however the e-mail is typed', () => {
    expect(registrationHash({ clientName: 'x', email: 'ANNE@example.com' })).toEqual(
      registrationHash({ clientName: 'x', email }),
    );
  });

  it('is another one with another name, wherever the line between the fields is', () => {
    const hashes = [
      { clientName: 'x', email },
      { clientName: 'X', email },
      { clientName: 'x"', email },
      { clientName: 'x","a', email },
    ].map((one) => registrationHash(one).toString('hex'));
    expect(new Set(hashes).size).toBe(4);
  });
});
