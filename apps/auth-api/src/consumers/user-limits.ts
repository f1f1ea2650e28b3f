import { entityId } from '#config';
import type { FieldFault } from '#problem';
import type { Consumer, RateLimits } from './consumer.js';

/** What decides how a person's own consumer looks. */
export interface LimitedPerson {
  readonly id: string;
  readonly guest: boolean;
}

/** The consumer that the gateway looks for when this person calls: keycloak-principal computes the same id. */
export function ownConsumerId(realm: string, userId: string): string {
  return entityId('consumer', realm, userId);
}

/** A person's own consumer, which takes the place of his tier. Nobody signs in as it: it has no credentials. */
export function ownConsumer(realm: string, { id, guest }: LimitedPerson, limits: RateLimits): Consumer {
  return {
    id: ownConsumerId(realm, id),
    origin: 'user',
    username: `user-${id}`,
    customId: id,
    tags: ['keycloak', guest ? 'guest' : 'registered'],
    groups: [],
    limits,
    credentials: [],
  };
}

/** What is wrong with limits beyond each number by itself: Kong wants the longer period to allow at least as much. */
export function limitsFault({ minute, hour }: RateLimits): FieldFault | undefined {
  if (minute === undefined || hour === undefined || hour >= minute) return undefined;
  return { field: 'per_hour', detail: 'must be at least per_minute' };
}
