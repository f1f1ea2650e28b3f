import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuditService, type Origin } from '../audit/index.js';
import { UsersService } from '../users/index.js';
import { KeycloakAccounts, KeycloakTokens, type TokenSet } from '#keycloak';
import { clientNetwork } from '#service';
import { Database } from '#storage';
import { TooManyGuests } from './guests.problems.js';
import { GUESTS_OPTIONS, type GuestsOptions } from './guests.options.js';
import { GuestsRepository } from './guests.repository.js';

const GUEST_GROUP = 'guests';

export interface NewGuest {
  readonly userId: string;
  readonly username: string;
  readonly tokens: TokenSet;
}

/** Makes guests: one call of Keycloak creates the user, one signs him in, and no password is hashed. */
@Injectable()
export class GuestsService {
  constructor(
    private readonly guests: GuestsRepository,
    private readonly accounts: KeycloakAccounts,
    private readonly tokens: KeycloakTokens,
    private readonly users: UsersService,
    private readonly database: Database,
    private readonly audit: AuditService,
    @Inject(GUESTS_OPTIONS) private readonly options: GuestsOptions,
  ) {}

  /**
   * The row comes first: a process that dies on the way leaves a guest in `creating`, who is found by his username and
   * removed (GuestUpkeep).
   *
   * @throws {Problem} TooManyGuests, KeycloakUnavailable, StorageUnavailable
   */
  async create(origin: Origin): Promise<NewGuest> {
    const username = `guest-${randomUUID()}`;
    const begun = await this.guests.begin(username, clientNetwork(origin.address), this.options.dailyLimit);
    if (!begun) throw TooManyGuests();
    try {
      const userId = await this.accounts.create(username, { guest: ['true'] }, GUEST_GROUP);
      const tokens = await this.tokens.forGuest(username);
      await this.remember(username, userId, tokens, origin);
      return { userId, username, tokens };
    } catch (error) {
      await this.guests.settleSoon();
      throw error;
    }
  }

  private async remember(username: string, userId: string, tokens: TokenSet, origin: Origin): Promise<void> {
    const sessionEndsAt = new Date(Date.now() + tokens.refresh_expires_in * 1000);
    await this.database.transaction(async (manager) => {
      const moved = await this.guests.move(manager, username, 'active', { userId, sessionEndsAt });
      if (!moved) throw new Error(`guest ${username} was given up while being created`);
      await this.users.introduce(manager, {
        id: userId,
        username,
        email: undefined,
        emailVerified: false,
        fullName: undefined,
        guest: true,
        enabled: true,
        roles: ['guest'],
      });
      await this.audit.record(manager, {
        actor: userId,
        action: 'guest.created',
        target: `user:${userId}`,
        origin,
      });
    });
  }
}
