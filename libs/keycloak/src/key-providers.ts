import { Inject, Injectable } from '@nestjs/common';
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { KeycloakGate } from './gate.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { ServiceAccount } from './service-account.js';

/** Where Keycloak takes a key from. Of those that are active the one of the highest priority signs. */
export interface KeyProvider {
  readonly id: string;
  readonly name: string;
  readonly kid: string;
  readonly priority: number;
}

export interface KeyProviderChange {
  readonly name?: string;
  readonly priority?: number;
  /** A passive key is published, so that its tokens are verified, and signs nothing. */
  readonly active?: boolean;
}

const TYPE = 'org.keycloak.keys.KeyProvider';
const ALGORITHM = 'RS256';

/** The realm's RS256 keys, as its administrator changes them: by a client of its own, as few may do that. */
@Injectable()
export class KeycloakKeyProviders {
  private readonly realm: string;
  private readonly service: ServiceAccount | undefined;

  constructor(gate: KeycloakGate, @Inject(KEYCLOAK_OPTIONS) options: KeycloakOptions) {
    const { realm, realmAdmin } = options;
    this.realm = realm;
    this.service = realmAdmin && new ServiceAccount(gate, { ...options, backend: realmAdmin });
  }

  /** Whether there is such a client. Without one everything here throws. */
  get isConfigured(): boolean {
    return this.service !== undefined;
  }

  /** Of keys that are not disabled. @throws {KeycloakRefused} 403: the client lacks manage-realm */
  async list(): Promise<{ readonly signing: KeyProvider; readonly all: readonly KeyProvider[] }> {
    const { active = {}, keys = [] } = await this.call('read-keys', (admin) =>
      admin.realms.getKeys({ realm: this.realm }),
    );
    const components = await this.call('find-key-providers', (admin) =>
      admin.components.find({ type: TYPE }),
    );
    const names = new Map(components.map(({ id, name }) => [id, name]));
    const all = keys
      .filter(({ algorithm, status }) => algorithm === ALGORITHM && status !== 'DISABLED')
      .map(({ providerId = '', kid = '', providerPriority = 0 }) => ({
        id: providerId,
        name: names.get(providerId) ?? '',
        kid,
        priority: providerPriority,
      }));
    const signing = all.find(({ kid }) => kid === active[ALGORITHM]);
    if (signing === undefined) throw new Error(`realm ${this.realm} has no active ${ALGORITHM} key`);
    return { signing, all };
  }

  /** A new key, which signs if no other one has a higher priority. */
  async add(name: string, priority: number): Promise<void> {
    const config = {
      priority: [String(priority)],
      enabled: ['true'],
      active: ['true'],
      algorithm: [ALGORITHM],
      keySize: ['2048'],
    };
    await this.call('add-key-provider', (admin) =>
      admin.components.create({ name, providerId: 'rsa-generated', providerType: TYPE, config }),
    );
  }

  /** All of it at once, or nothing. */
  async change(id: string, { name, priority, active }: KeyProviderChange): Promise<void> {
    const found = await this.call('read-key-provider', (admin) => admin.components.findOne({ id }));
    const config = {
      ...found?.config,
      ...(priority === undefined ? {} : { priority: [String(priority)] }),
      ...(active === undefined ? {} : { active: [String(active)] }),
    };
    // The private key in it is a row of asterisks, which Keycloak takes as: the one that it has.
    await this.call('write-key-provider', (admin) =>
      admin.components.update({ id }, { ...found, ...(name === undefined ? {} : { name }), config }),
    );
  }

  private call<T>(operation: string, work: (admin: KeycloakAdminClient) => Promise<T>): Promise<T> {
    if (this.service === undefined) throw new Error(`${operation}: there is no client with manage-realm`);
    return this.service.call(operation, work);
  }
}
