import { Injectable } from '@nestjs/common';
import { KeycloakUnavailable } from '#keycloak';
import { CURRENT_FOR_MS, type PresentUser } from './present-user.js';
import { UserEventsService } from './user-events.service.js';
import { UsersService } from './users.service.js';

/** Answers with a person's state as Keycloak has it now, mostly without asking: changes are heard of as they happen. */
@Injectable()
export class PresentUsers {
  constructor(
    private readonly users: UsersService,
    private readonly events: UserEventsService,
  ) {}

  /**
   * @returns undefined when Keycloak has no such user
   * @throws {Problem} KeycloakUnavailable when we have never met this person and Keycloak cannot be asked
   */
  async get(id: string): Promise<PresentUser | undefined> {
    const known = await this.users.meet(id);
    if (known === undefined || this.events.ageMs < CURRENT_FOR_MS) return current(known);
    try {
      return current(await this.users.reread(id));
    } catch (error) {
      if (!KeycloakUnavailable.is(error)) throw error;
      const ageMs = Math.min(this.events.ageMs, Date.now() - known.readAt.getTime());
      return { user: known, staleSeconds: Math.round(ageMs / 1000) };
    }
  }
}

function current(user: PresentUser['user'] | undefined): PresentUser | undefined {
  return user === undefined ? undefined : { user, staleSeconds: undefined };
}
