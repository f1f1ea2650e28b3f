import type { Secret } from '#config';

/**
 * Why a consumer should be in Kong: a machine client registered itself, an admin gave a person limits of his own, an
 * application subscribed to an API, or a person uses an application of the implicit flow.
 */
export const CONSUMER_ORIGINS = ['registration', 'user', 'subscription', 'end-user'] as const;
export type ConsumerOrigin = (typeof CONSUMER_ORIGINS)[number];

/** Requests of this consumer, over everything that it may reach; in the place of the tier's. */
export interface RateLimits {
  readonly minute?: number;
  readonly hour?: number;
}

/** What a client shows at an API with key-auth. */
export interface KeyCredential {
  readonly kind: 'key-auth';
  /** Of the credential in Kong. */
  readonly id: string;
  readonly key: Secret;
}

/** An OAuth 2.0 client of Kong's oauth2 plugin (RFC 6749 §2). */
export interface OAuth2Credential {
  readonly kind: 'oauth2';
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** Kong wants at least one, also where no flow uses it. */
  readonly redirectUris: readonly string[];
}

export type Credential = KeyCredential | OAuth2Credential;

/** A consumer as it should be in Kong, with everything that belongs to it. */
export interface Consumer {
  /** Of the consumer in Kong: `entityId('consumer', realm, …)`, so that writing it twice is writing it once. */
  readonly id: string;
  readonly origin: ConsumerOrigin;
  readonly username: string;
  readonly customId: string | undefined;
  /** Besides the tag that says whose it is. */
  readonly tags: readonly string[];
  /** ACL groups: which APIs it may reach. */
  readonly groups: readonly string[];
  readonly limits: RateLimits | undefined;
  readonly credentials: readonly Credential[];
}

/** A consumer as it should be, and which of its states that is. */
export interface DesiredConsumer extends Consumer {
  /** Rises with every change; Kong has it when this one is marked as applied. */
  readonly revision: number;
  /** Kong does not have this state yet. */
  readonly pending: boolean;
  /** It should be gone, with everything that belongs to it. */
  readonly removed: boolean;
  /** It was never written to Kong, not even in part: there is nothing to look for. */
  readonly isNew: boolean;
  /** Ids of its credentials that no CREDENTIAL_KEY opens; `credentials` is without them. */
  readonly unopened: readonly string[];
}
