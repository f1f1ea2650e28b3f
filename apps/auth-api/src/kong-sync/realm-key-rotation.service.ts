import { Injectable, Inject } from '@nestjs/common';
import { AuditService } from '../audit/index.js';
import { KeycloakKeyProviders, KeycloakRefused, type KeyProvider, withDeadline } from '#keycloak';
import { Database, Locks } from '#storage';
import { KeyNotEverywhere, RotationNotPossible } from './realm-keys.problems.js';
import { RealmKeysInKong } from './realm-keys-in-kong.service.js';
import { REALM_KEYS_OPTIONS, type RealmKeysOptions } from './realm-keys.options.js';
import type { Asker } from './realm-keys.repository.js';
import { RealmKeysService } from './realm-keys.service.js';

const LOCK = 'realm key rotation';
/** Two at once are a mistake: the second is told at once. */
const TURN_WITHIN_MS = 500;
/** A caller behind the gateway gets an answer within its 15 s. */
const NODES_WITHIN_MS = 6000;
const KEYCLOAK_WITHIN_MS = 12_000;

/** The name of a key that does not sign yet: of a rotation that was cut off, the next one takes it. */
const PENDING = 'gatehouse: next key';

export interface Rotated {
  readonly kid: string;
  readonly previousKid: string;
}

/**
 * Has the realm sign with a new key, and nobody is refused for it: the key is published and known to every gateway node
 * before it signs. The old one turns passive, so its tokens are verified until they expire. Cut off anywhere, one of the
 * two signs and both are published.
 */
@Injectable()
export class RealmKeyRotation {
  constructor(
    private readonly providers: KeycloakKeyProviders,
    private readonly keys: RealmKeysService,
    private readonly kong: RealmKeysInKong,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly locks: Locks,
    @Inject(REALM_KEYS_OPTIONS) private readonly options: RealmKeysOptions,
  ) {}

  /** @throws {Problem} RotationNotPossible, KeyNotEverywhere, Busy, KeycloakUnavailable, StorageUnavailable */
  async rotate(asker: Asker): Promise<Rotated> {
    if (!this.providers.isConfigured)
      throw RotationNotPossible({ why: 'This service has no client that may change the realm.' });
    try {
      const turn = { what: 'the rotation of the realm keys', waitMs: TURN_WITHIN_MS };
      return await this.locks.withLock(LOCK, turn, () =>
        withDeadline(KEYCLOAK_WITHIN_MS, () => this.rotateInTurn(asker)),
      );
    } catch (error) {
      if (!(error instanceof KeycloakRefused)) throw error;
      const why = `Keycloak refuses it to the client of this service (${error.status}).`;
      throw RotationNotPossible({ why }, { cause: error });
    }
  }

  private async rotateInTurn(asker: Asker): Promise<Rotated> {
    const { signing } = await this.providers.list();
    const next = (await this.pending()) ?? (await this.add(signing));
    await this.awaitEverywhere(next.kid);
    const act = {
      action: 'realm-keys.rotated',
      target: `realm:${this.options.realm}`,
      details: { kid: next.kid, previous: signing.kid },
    };
    // On record, or not done.
    await this.database.transaction(async (manager) => {
      await this.audit.record(manager, { ...asker, ...act });
      const name = `gatehouse: key of ${new Date().toISOString()}`;
      await this.providers.change(next.id, { name, priority: signing.priority + 1 });
    });
    await this.providers.change(signing.id, { active: false });
    return { kid: next.kid, previousKid: signing.kid };
  }

  private async add({ priority }: KeyProvider): Promise<KeyProvider> {
    await this.providers.add(PENDING, priority - 1);
    const added = await this.pending();
    if (added === undefined) throw new Error('Keycloak does not list the key that it has just made');
    return added;
  }

  private async pending(): Promise<KeyProvider | undefined> {
    const { signing, all } = await this.providers.list();
    return all.find(({ name, priority }) => name === PENDING && priority < signing.priority);
  }

  /** @throws {Problem} KeyNotEverywhere */
  private async awaitEverywhere(kid: string): Promise<void> {
    const keys = await this.keys.read();
    const untold = await this.kong.refreshNodes([kid]);
    const behind = await this.kong.behind(keys, NODES_WITHIN_MS);
    const nodes = new Set([...behind, ...untold.keys()]).size;
    if (nodes > 0 || !keys.some((key) => key.kid === kid)) {
      const [cause] = untold.values();
      throw KeyNotEverywhere({ nodes }, { cause });
    }
  }
}
