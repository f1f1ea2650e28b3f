import type { Secret } from '#config';

export interface ConfidentialClient {
  readonly id: string;
  readonly secret: Secret;
}

export interface KeycloakOptions {
  /** Where Keycloak is reached from here; not necessarily the issuer's address. */
  readonly url: string;
  readonly realm: string;
  /** The service account that keeps users: manage-users and view-events, nothing more. */
  readonly backend: ConfidentialClient;
  /** The client that signs in guests, without a password, and nobody else. */
  readonly guestIssuer: ConfidentialClient;
  /** The client that may change the realm's keys (manage-realm), where there is one. */
  readonly realmAdmin?: ConfidentialClient;
  /** The public client that people sign in with. */
  readonly loginClientId: string;
  /** Longest wait for one answer of Keycloak. */
  readonly timeoutMs: number;
}

export const KEYCLOAK_OPTIONS = Symbol('keycloak options');
