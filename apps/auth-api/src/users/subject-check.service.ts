import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { KeycloakUnavailable } from '#keycloak';
import { type Principal, type SubjectCheck, Unauthenticated } from '#principal';
import { LOGGER } from '#telemetry';
import { refusalOf, type User } from './user.js';
import { USERS_OPTIONS, type UsersOptions } from './users.options.js';
import { UsersService } from './users.service.js';

/**
 * Asks about everybody who gets in, whichever way: is he disabled or deleted, and what is he now? Roles and guest or not
 * are then as Keycloak has them, not as a token of an hour ago says.
 */
@Injectable()
export class PresentSubject implements SubjectCheck {
  constructor(
    private readonly users: UsersService,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(USERS_OPTIONS) private readonly options: UsersOptions,
  ) {}

  /** @throws {Problem} Unauthenticated: disabled or deleted; StorageUnavailable */
  async check(principal: Principal): Promise<Principal> {
    const user = await this.known(principal);
    if (user === undefined) return principal;
    this.refuse(refusalOf(user));
    return asPresent(principal, user);
  }

  /**
   * Asks Keycloak itself: what a person disabled a moment ago must not do any more, whether or not we have heard of it.
   *
   * @throws {Problem} Unauthenticated, KeycloakUnavailable, StorageUnavailable
   */
  async checkNow(id: string): Promise<void> {
    const user = await this.users.reread(id);
    this.refuse(user === undefined ? 'user-deleted' : refusalOf(user));
  }

  /** While Keycloak is down a valid token of somebody we never met is believed: tokens go on working. */
  private async known(principal: Principal): Promise<User | undefined> {
    try {
      const user = await this.users.meet(principal.id);
      if (user === undefined) this.refuse('user-deleted');
      return user;
    } catch (error) {
      if (!KeycloakUnavailable.is(error)) throw error;
      this.logger.debug({ user_id: principal.id }, 'person not met yet, and Keycloak does not answer');
      return undefined;
    }
  }

  private refuse(reason: ReturnType<typeof refusalOf>): void {
    if (reason !== undefined) throw Unauthenticated({ reason, realm: this.options.realm });
  }
}

function asPresent(principal: Principal, user: User): Principal {
  if (principal.kind === 'application') return principal;
  return {
    ...principal,
    kind: user.guest ? 'guest' : 'user',
    username: user.username,
    email: user.email,
    emailVerified: user.emailVerified,
    roles: [...user.roles],
  };
}
