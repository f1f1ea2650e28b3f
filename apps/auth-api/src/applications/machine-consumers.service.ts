import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Credential, DesiredConsumers } from '../consumers/index.js';
import type { ApplicationRow } from './application.entity.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import { newCredential, withRedirectUri } from './credential.js';
import { subscriptionConsumer } from './naming.js';
import type { SubscriptionRow } from './subscription.entity.js';
import { isMachine } from './subscription.js';

/** The consumers of subscriptions: each approved one that is a machine's is one, with one credential. */
@Injectable()
export class MachineConsumers {
  constructor(
    private readonly consumers: DesiredConsumers,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  /** Gives an approved subscription its consumer. @returns its new credential; undefined in the implicit flow */
  async add(
    manager: EntityManager,
    { redirectUri }: ApplicationRow,
    subscription: SubscriptionRow,
  ): Promise<Credential | undefined> {
    if (!isMachine(subscription)) return undefined;
    const credential = newCredential(this.options.realm, subscription, redirectUri);
    await this.consumers.put(manager, subscriptionConsumer(this.options.realm, subscription, credential));
    return credential;
  }

  async credentialOf(
    manager: EntityManager,
    { consumerId }: SubscriptionRow,
  ): Promise<Credential | undefined> {
    if (consumerId === null) return undefined;
    return (await this.consumers.find(consumerId, manager))?.credentials.at(0);
  }

  /** OAuth clients get a credential with the new URI in the place of theirs. @returns the consumers that changed */
  async redirect(
    manager: EntityManager,
    { redirectUri }: ApplicationRow,
    subscriptions: readonly SubscriptionRow[],
  ): Promise<string[]> {
    const { realm } = this.options;
    const changed: string[] = [];
    for (const subscription of subscriptions) {
      const credential = await this.credentialOf(manager, subscription);
      if (credential?.kind !== 'oauth2') continue;
      const moved = withRedirectUri(realm, subscription.id, credential, redirectUri);
      const consumer = subscriptionConsumer(realm, subscription, moved);
      await this.consumers.put(manager, consumer);
      changed.push(consumer.id);
    }
    return changed;
  }
}
