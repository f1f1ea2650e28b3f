import type { User } from './user.js';

/** A person as Keycloak has him now, or as we last knew him while Keycloak cannot be asked. */
export interface PresentUser {
  readonly user: User;
  /** Seconds for which changes may have gone unnoticed; undefined when the state is current. */
  readonly staleSeconds: number | undefined;
}

/** Older than this, what we know is checked with Keycloak before it is called current. */
export const CURRENT_FOR_MS = 10_000;
