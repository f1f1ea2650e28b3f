import type { Credential, DesiredConsumer, RateLimits } from '../consumers/index.js';
import { entityId } from '#config';

/** Carried by everything in Kong that this service keeps there; nothing without it is ever touched. */
export const TAG = 'managed-by:gatehouse';

/** What we keep of and for consumers. */
export const KINDS = ['consumers', 'key-auths', 'acls', 'oauth2', 'jwts', 'plugins'] as const;

/** As Kong's Admin API takes it. Every list is there: an empty one says that none should be. */
export type ConsumerState = Readonly<Record<(typeof KINDS)[number], readonly Fields[]>>;

export type Fields = { readonly id: string; readonly tags: readonly string[] } & Readonly<
  Record<string, unknown>
>;

/** Nothing yet, to be filled. */
export function emptyState(): Record<(typeof KINDS)[number], Fields[]> {
  return { consumers: [], 'key-auths': [], acls: [], oauth2: [], jwts: [], plugins: [] };
}

/** The consumers as entities of Kong; every id is computed, so that writing one twice is writing it once. */
export function stateOf(consumers: readonly DesiredConsumer[], realm: string): ConsumerState {
  const there = consumers.filter(({ removed }) => !removed);
  return {
    consumers: there.map(({ id, username, customId, tags }) => ({
      id,
      username,
      ...(customId === undefined ? {} : { custom_id: customId }),
      tags: [TAG, ...tags],
    })),
    'key-auths': there.flatMap((consumer) =>
      consumer.credentials.flatMap((each) => keyOf(consumer.id, each)),
    ),
    oauth2: there.flatMap((consumer) => consumer.credentials.flatMap((each) => clientOf(consumer.id, each))),
    acls: there.flatMap(({ id, groups }) =>
      groups.map((group) => ({
        id: entityId('credential', realm, `acl:${id}:${group}`),
        group,
        consumer: { id },
        tags: [TAG],
      })),
    ),
    jwts: [],
    plugins: there.flatMap(({ id, limits }) => (limits === undefined ? [] : [limitOf(id, limits, realm)])),
  };
}

function keyOf(consumerId: string, credential: Credential): Fields[] {
  if (credential.kind !== 'key-auth') return [];
  return [{ id: credential.id, key: credential.key.reveal(), consumer: { id: consumerId }, tags: [TAG] }];
}

function clientOf(consumerId: string, credential: Credential): Fields[] {
  if (credential.kind !== 'oauth2') return [];
  const { id, name, clientId, clientSecret, redirectUris } = credential;
  const client = {
    name,
    client_id: clientId,
    client_secret: clientSecret.reveal(),
    redirect_uris: redirectUris,
  };
  return [{ id, ...client, consumer: { id: consumerId }, tags: [TAG] }];
}

/** Of this consumer alone, in the place of its tier's: Kong takes a consumer's own plugin where the route has none for it. */
function limitOf(consumerId: string, { minute, hour }: RateLimits, realm: string): Fields {
  return {
    id: entityId('plugin', realm, `rate-limiting:consumer:${consumerId}`),
    name: 'rate-limiting',
    consumer: { id: consumerId },
    config: { minute: minute ?? null, hour: hour ?? null, policy: 'local', limit_by: 'consumer' },
    tags: [TAG],
  };
}
