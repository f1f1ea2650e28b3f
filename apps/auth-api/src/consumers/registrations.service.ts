import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService, type Origin } from '../audit/index.js';
import type { Secret } from '#config';
import { Jobs } from '#storage';
import type { Consumer } from './consumer.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { EmailRegistered, IdempotencyKeyReused, RegistrationEnded } from './consumers.problems.js';
import { DesiredConsumers, takenConstraint } from './desired-consumers.service.js';
import { newClient, type Registration, registrationHash, sha256 } from './registration.js';
import { type KeptRegistration, RegistrationsRepository } from './registrations.repository.js';

const FORGET = 'consumers.forget-registrations';

/** A registered client and its key: the only moments at which the key is shown. */
export interface RegisteredClient {
  readonly id: string;
  readonly username: string;
  readonly key: Secret;
  /** Whether Kong has it. */
  readonly active: boolean;
}

/** Machine clients register themselves: one per e-mail. */
@Injectable()
export class RegistrationsService {
  constructor(
    private readonly desired: DesiredConsumers,
    private readonly registrations: RegistrationsRepository,
    private readonly audit: AuditService,
    jobs: Jobs,
    @Inject(CONSUMERS_OPTIONS) private readonly options: ConsumersOptions,
  ) {
    jobs.define(FORGET, () => registrations.forgetOld(), { cron: '31 * * * *' });
  }

  /**
   * Makes a client, or answers again what the same request made before; then waits a moment for Kong to have it.
   *
   * @throws {Problem} EmailRegistered, also for all but one of many at the same moment; IdempotencyKeyReused;
   *   RegistrationEnded
   */
  async register(
    registration: Registration,
    idempotencyKey: string | undefined,
    origin: Origin,
  ): Promise<RegisteredClient> {
    const client = newClient(this.options.realm, registration);
    const earlier = await this.desired.transaction(async (manager) => {
      const earlier = await this.claim(manager, client, registration, idempotencyKey);
      if (earlier === undefined) await this.make(manager, client, origin);
      return earlier;
    });
    const { id, username, credentials } = earlier === undefined ? client : await this.madeBy(earlier);
    const [credential] = credentials;
    if (credential?.kind !== 'key-auth') throw RegistrationEnded();
    const active = await this.desired.whenApplied(id, this.options.waitForKongMs);
    return { id, username, key: credential.key, active };
  }

  /** @throws {Problem} IdempotencyKeyReused */
  private async claim(
    manager: EntityManager,
    { id, credentials }: Consumer,
    registration: Registration,
    idempotencyKey: string | undefined,
  ): Promise<KeptRegistration | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const bodyHash = registrationHash(registration);
    const earlier = await this.registrations.claim(manager, {
      keyHash: sha256(idempotencyKey),
      bodyHash,
      consumerId: id,
      credentialId: credentials[0]?.id ?? '',
    });
    if (earlier !== undefined && !earlier.bodyHash.equals(bodyHash)) throw IdempotencyKeyReused();
    return earlier;
  }

  /** @throws {Problem} EmailRegistered */
  private async make(manager: EntityManager, client: Consumer, origin: Origin): Promise<void> {
    try {
      await this.desired.put(manager, client);
    } catch (error) {
      if (takenConstraint(error) === 'consumers_by_custom_id') throw EmailRegistered();
      throw error;
    }
    await this.audit.record(manager, {
      actor: undefined,
      action: 'consumer.registered',
      target: `consumer:${client.id}`,
      origin,
      details: { username: client.username },
    });
  }

  /** @throws {Problem} RegistrationEnded */
  private async madeBy({ consumerId, credentialId }: KeptRegistration): Promise<Consumer> {
    const consumer = await this.desired.find(consumerId);
    if (consumer === undefined || !consumer.credentials.some(({ id }) => id === credentialId))
      throw RegistrationEnded();
    return consumer;
  }
}
