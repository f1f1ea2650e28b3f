import type { Principal } from '#principal';
import type { Origin } from '../audit/index.js';

/** Who did something, for the audit trail; nobody when it happened by itself. */
export interface Actor {
  readonly id: string | undefined;
  readonly origin: Origin | undefined;
}

/** A person who asks: what he may know of follows from it. */
export interface Asker extends Actor {
  /** Keycloak's. */
  readonly id: string;
  readonly isAdmin: boolean;
}

export const SYSTEM: Actor = { id: undefined, origin: undefined };

export function askerOf({ id, roles }: Principal, origin: Origin): Asker {
  return { id, isAdmin: roles.includes('admin'), origin };
}
