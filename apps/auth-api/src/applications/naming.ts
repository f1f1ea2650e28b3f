import { type ApiName, entityId } from '#config';
import type { Consumer, Credential } from '../consumers/index.js';
import { PLANS, type PlanName } from './plans.js';

/** Kong wants a redirect URI of every OAuth client, also where no flow uses it. RFC 2606 §2: leads nowhere, ever. */
export const NO_REDIRECT_URI = 'https://redirect.invalid/';

/** One person, however his address is written: e-mail is compared without case, and accents have two spellings. */
export function canonicalEmail(email: string): string {
  return email.normalize('NFC').toLowerCase();
}

/** Of the consumer in Kong. */
export function subscriptionConsumerId(realm: string, applicationId: string, api: ApiName): string {
  return entityId('consumer', realm, `application:${applicationId}$${api}`);
}

/** Of the consumer in Kong. */
export function endUserConsumerId(realm: string, email: string, api: ApiName): string {
  return entityId('consumer', realm, `end-user:${canonicalEmail(email)}$${api}`);
}

/** Of the credential in Kong: another one for each client and redirect URI, as Kong's tokens belong to it and end with it. */
export function credentialId(realm: string, subscriptionId: string, ...client: readonly string[]): string {
  return entityId('credential', realm, ['subscription', subscriptionId, ...client].join(':'));
}

/** An approved subscription of an application that is itself the caller. */
export function subscriptionConsumer(
  realm: string,
  subscription: {
    readonly id: string;
    readonly applicationId: string;
    readonly api: ApiName;
    readonly plan: PlanName;
  },
  credential: Credential,
): Consumer {
  const { id, applicationId, api, plan } = subscription;
  return {
    id: subscriptionConsumerId(realm, applicationId, api),
    origin: 'subscription',
    username: `${applicationId}$${api}`,
    customId: id,
    tags: ['application'],
    groups: [api],
    limits: PLANS[plan].limits,
    credentials: [credential],
  };
}

/** A person who uses applications of the implicit flow; whose tokens the authorization server asks Kong for. */
export function endUserConsumer(
  realm: string,
  {
    email,
    api,
    customId,
  }: { readonly email: string; readonly api: ApiName; readonly customId: string | null },
): Consumer {
  return {
    id: endUserConsumerId(realm, email, api),
    origin: 'end-user',
    username: `${canonicalEmail(email)}$${api}`,
    customId: customId ?? undefined,
    tags: ['end-user'],
    groups: [api],
    limits: undefined,
    credentials: [],
  };
}
