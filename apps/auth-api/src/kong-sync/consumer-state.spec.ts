import { describe, expect, it } from '@jest/globals';
import type { DesiredConsumer } from '../consumers/index.js';
import { entityId, Secret } from '#config';
import { type KongState, linesOf, plan } from '#kong-admin';
import { stateOf, TAG } from './consumer-state.js';
import { groupsOf } from './step-groups.js';
import { wholeConfiguration } from './whole-configuration.js';

const REALM = 'jan';
const id = (name: string) => entityId('consumer', REALM, name);
const consumer = (username: string, more: Partial<DesiredConsumer> = {}): DesiredConsumer => ({
  id: id(username),
  origin: 'registration',
  username,
  customId: undefined,
  tags: ['client'],
  groups: [],
  limits: undefined,
  credentials: [],
  revision: 1,
  pending: true,
  removed: false,
  isNew: true,
  unopened: [],
  ...more,
});
const client = consumer('demo-1a2b', {
  customId: 'demo@example.com',
  groups: ['registered'],
  credentials: [{ kind: 'key-auth', id: id('key'), key: new Secret('not-to-be-printed') }],
});
const subscription = consumer('shop$llm', {
  groups: ['llm'],
  limits: { minute: 60, hour: 1000 },
  credentials: [
    {
      kind: 'oauth2',
      id: id('oauth2'),
      name: 'shop',
      clientId: 'shop-client',
      clientSecret: new Secret('nor-this'),
      redirectUris: ['https://shop.example/back'],
    },
  ],
});
const state = (...consumers: DesiredConsumer[]) => stateOf(consumers, REALM);
const linesFor = (wanted: ReturnType<typeof state>, actual: KongState) =>
  linesOf(plan(wanted, actual, { tag: TAG }));

describe('golden plans of consumers', () => {
  it('a registered client and a subscription, into an empty Kong', () => {
    expect(linesFor(state(client, subscription), {})).toEqual([
      'make services and consumers:',
      '  create consumer demo-1a2b',
      '  create consumer shop$llm',
      'make credentials and plugins of no route:',
      `  create key-auth credential ${id('key')} of consumer demo-1a2b`,
      '  create acl group registered of consumer demo-1a2b',
      '  create acl group llm of consumer shop$llm',
      '  create oauth2 credential shop of consumer shop$llm',
      '  create plugin rate-limiting of consumer shop$llm',
      'create 7, unchanged 0',
    ]);
  });

  it('another key: the old one goes first', () => {
    const key = { kind: 'key-auth', id: id('another key'), key: new Secret('a new one') } as const;
    expect(linesFor(state({ ...client, credentials: [key] }), state(client))).toEqual([
      'delete credentials and plugins of no route:',
      `  delete key-auth credential ${id('key')} of consumer demo-1a2b`,
      'make credentials and plugins of no route:',
      `  create key-auth credential ${id('another key')} of consumer demo-1a2b`,
      'create 1, delete 1, unchanged 2',
    ]);
  });

  it('a removed consumer: all of it with one delete', () => {
    expect(linesFor(state({ ...subscription, removed: true }), state(subscription))).toEqual([
      'delete services and consumers:',
      '  delete consumer shop$llm',
      'delete 1 (and 3 with them), unchanged 0',
    ]);
  });

  it('other limits: the plugin alone', () => {
    expect(linesFor(state({ ...subscription, limits: { minute: 5 } }), state(subscription))).toEqual([
      'make credentials and plugins of no route:',
      '  update plugin rate-limiting of consumer shop$llm',
      '    config.minute: 60 -> 5',
      '    config.hour: 1000 -> null',
      'update 1, unchanged 3',
    ]);
  });
});

describe('the entities of a consumer', () => {
  it('all carry our tag, and belong to the consumer', () => {
    const { consumers, ...rest } = state(client, subscription);
    for (const { tags } of [...consumers, ...Object.values(rest).flat()]) expect(tags).toContain(TAG);
    expect(
      Object.values(rest)
        .flat()
        .map((each) => (each['consumer'] as { id: string }).id),
    ).toEqual(expect.arrayContaining([client.id, subscription.id]));
  });

  it('have the same ids each time', () => {
    expect(state(client, subscription)).toEqual(state(client, subscription));
  });
});

describe('a plan by consumer', () => {
  it('has everything of a consumer in one group, in order, and what takes away stands first', () => {
    const actual = state(client);
    const removed = { ...client, removed: true };
    const todo = plan(state(removed, subscription), actual, { tag: TAG });
    const groups = groupsOf(todo, actual);
    expect(groups.map(({ owner }) => owner)).toEqual([client.id, subscription.id]);
    expect(groups[1]?.steps.map(({ kind }) => kind)).toEqual(['consumers', 'acls', 'oauth2', 'plugins']);
  });

  it('finds the owner of what is deleted by what is there', () => {
    const actual = state(client);
    const todo = plan(state({ ...client, credentials: [] }), actual, { tag: TAG });
    expect(groupsOf(todo, actual).map(({ owner, steps }) => [owner, steps.length])).toEqual([[client.id, 1]]);
  });
});

describe('a whole configuration', () => {
  const topology = {
    _format_version: '3.0',
    consumers: [{ id: id('keycloak-issuer'), username: 'keycloak-issuer' }],
  };

  it('has each credential inside its consumer, also one of the topology', () => {
    const jwt = { id: id('jwt'), key: 'kid', consumer: { id: id('keycloak-issuer') }, tags: [TAG] };
    const text = wholeConfiguration(topology, { ...state(client), jwts: [jwt] });
    expect(JSON.parse(text)).toEqual({
      _format_version: '3.0',
      consumers: [
        {
          id: id('keycloak-issuer'),
          username: 'keycloak-issuer',
          jwt_secrets: [{ id: id('jwt'), key: 'kid', tags: [TAG] }],
        },
        {
          id: client.id,
          username: 'demo-1a2b',
          custom_id: 'demo@example.com',
          tags: [TAG, 'client'],
          keyauth_credentials: [{ id: id('key'), key: 'not-to-be-printed', tags: [TAG] }],
          acls: [expect.objectContaining({ group: 'registered' })],
        },
      ],
    });
  });

  it('is the same text for the same state', () => {
    expect(wholeConfiguration(topology, state(client))).toBe(wholeConfiguration(topology, state(client)));
  });
});
