import { type DynamicModule, Module } from '@nestjs/common';
import { KeycloakAccounts } from './accounts.js';
import { KeycloakEvents } from './events.js';
import { KeycloakGate } from './gate.js';
import { KeycloakKeyProviders } from './key-providers.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { KeycloakRealmKeys } from './realm-keys.js';
import { ServiceAccount } from './service-account.js';
import { KeycloakTokens } from './tokens.js';

/** The client of one Keycloak realm; which rooms may hold it is said in test/architecture/rooms.cjs. */
@Module({})
export class KeycloakModule {
  static forRoot(options: KeycloakOptions): DynamicModule {
    const services = [
      KeycloakTokens,
      KeycloakAccounts,
      KeycloakEvents,
      KeycloakRealmKeys,
      KeycloakKeyProviders,
    ];
    return {
      module: KeycloakModule,
      global: true,
      providers: [
        { provide: KEYCLOAK_OPTIONS, useValue: options },
        KeycloakGate,
        ServiceAccount,
        ...services,
      ],
      exports: services,
    };
  }
}
