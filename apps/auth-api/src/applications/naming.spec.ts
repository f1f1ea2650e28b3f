import { describe, expect, it } from '@jest/globals';
import { API_NAMES, entityId } from '#config';
import {
  canonicalEmail,
  credentialId,
  endUserConsumer,
  endUserConsumerId,
  subscriptionConsumer,
  subscriptionConsumerId,
} from './naming.js';
import { newCredential, withRedirectUri } from './credential.js';

const REALM = 'jan';
const SUBSCRIPTION = {
  id: '5c8f0f8e-5b5e-4c8e-9a53-0f8e5b5e4c8e',
  applicationId: 'weather-app',
  api: 'echo',
  plan: 'standard',
} as const;

describe('the consumer of a subscription', () => {
  it('is named as wicked names it', () => {
    const credential = newCredential(REALM, { ...SUBSCRIPTION, auth: 'key-auth' }, null);
    expect(subscriptionConsumer(REALM, SUBSCRIPTION, credential)).toEqual({
      id: entityId('consumer', REALM, 'application:weather-app$echo'),
      origin: 'subscription',
      username: 'weather-app$echo',
      customId: SUBSCRIPTION.id,
      tags: ['application'],
      groups: ['echo'],
      limits: { minute: 300, hour: 10_000 },
      credentials: [credential],
    });
  });

  it('is another one at each API and for each application', () => {
    const ids = ['weather-app', 'another-app'].flatMap((app) =>
      API_NAMES.map((api) => subscriptionConsumerId(REALM, app, api)),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the consumer of an end user', () => {
  it('is named as wicked names it', () => {
    expect(endUserConsumer(REALM, { email: 'Anne@Example.com', api: 'mcp', customId: null })).toEqual({
      id: entityId('consumer', REALM, 'end-user:anne@example.com$mcp'),
      origin: 'end-user',
      username: 'anne@example.com$mcp',
      customId: undefined,
      tags: ['end-user'],
      groups: ['mcp'],
      limits: undefined,
      credentials: [],
    });
  });

  it('is one however the address is written', () => {
    expect(canonicalEmail('ZOE\u0308@example.COM')).toBe('zo\u00eb@example.com');
    expect(endUserConsumerId(REALM, 'ZOE\u0308@example.com', 'llm')).toBe(
      endUserConsumerId(REALM, 'zo\u00eb@example.com', 'llm'),
    );
  });

  it('is never that of an application, whatever the names', () => {
    expect(endUserConsumerId(REALM, 'weather-app', 'echo')).not.toBe(
      subscriptionConsumerId(REALM, 'weather-app', 'echo'),
    );
  });
});

describe('a credential', () => {
  const client = () =>
    newCredential(REALM, { ...SUBSCRIPTION, auth: 'oauth2-client-credentials' }, 'https://one.example.com/');

  it('is random each time', () => {
    const all = Array.from({ length: 50 }, client);
    const secrets = all.map((one) => (one.kind === 'oauth2' ? one.clientSecret.reveal() : ''));
    const clientIds = all.map((one) => (one.kind === 'oauth2' ? one.clientId : ''));
    expect(new Set(secrets).size).toBe(50);
    expect(new Set(clientIds).size).toBe(50);
    expect(new Set(all.map(({ id }) => id)).size).toBe(50);
  });

  it('does not show its secret when it is printed', () => {
    const one = client();
    if (one.kind !== 'oauth2') throw new Error('an OAuth client was asked for');
    expect(JSON.stringify(one)).not.toContain(one.clientSecret.reveal());
  });

  it('with another redirect URI is another one of the same client', () => {
    const one = client();
    if (one.kind !== 'oauth2') throw new Error('an OAuth client was asked for');
    const moved = withRedirectUri(REALM, SUBSCRIPTION.id, one, 'https://two.example.com/');
    expect(moved).toEqual({
      ...one,
      id: credentialId(REALM, SUBSCRIPTION.id, one.clientId, 'https://two.example.com/'),
      redirectUris: ['https://two.example.com/'],
    });
    expect(moved.id).not.toBe(one.id);
    expect(withRedirectUri(REALM, SUBSCRIPTION.id, moved, 'https://one.example.com/')).toEqual(one);
  });
});
