import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Account, type AccountChange, KeycloakAccounts } from '#keycloak';
import { ChangeFeed, CoherentCache, Locks } from '#storage';
import { isGuest, joinName, type User, type UserReading } from './user.js';
import { UsersRepository } from './users.repository.js';

const CACHED_USERS = 50_000;
const SAVE_ATTEMPTS = 5;

/** What a write to a person returns besides the account that was written. */
type ProfileChange = (account: Account) => AccountChange | undefined;

/**
 * The one place that knows a person's present state, and the one function that writes to a Keycloak user.
 * Reading is from memory or one SQL statement; Keycloak is asked when something changed, or when we have never met.
 */
@Injectable()
export class UsersService {
  private readonly cache: CoherentCache<User>;

  constructor(
    private readonly repository: UsersRepository,
    private readonly accounts: KeycloakAccounts,
    private readonly locks: Locks,
    private readonly feed: ChangeFeed,
  ) {
    this.cache = new CoherentCache<User>(feed, {
      max: CACHED_USERS,
      dependsOn: ({ id }) => [userChange(id)],
    });
  }

  /** What we know, without asking Keycloak; undefined when we have never met. */
  async find(id: string): Promise<User | undefined> {
    return this.cache.get(id, () => this.repository.find(id));
  }

  /** Which of these people we have met: the others are read when they come. */
  async known(ids: readonly string[]): Promise<string[]> {
    return ids.length === 0 ? [] : this.repository.known(ids);
  }

  /** What stands for one person however he signs in: his id when we have met, else the name that he gave. */
  async loginKey(login: string): Promise<string> {
    return (await this.repository.findIdByLogin(login)) ?? login.toLowerCase();
  }

  /** As `find`, but a person we have never met is read from Keycloak; undefined when Keycloak has no such user. */
  async meet(id: string): Promise<User | undefined> {
    return (await this.find(id)) ?? (await this.reread(id));
  }

  /**
   * Reads a person from Keycloak, stores what it says, and tells every process before it returns.
   *
   * @throws {Problem} KeycloakUnavailable, StorageUnavailable
   */
  async reread(id: string): Promise<User | undefined> {
    for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt++) {
      const before = await this.repository.find(id);
      if (before?.deleted) return before;
      const reading = await this.read(id);
      if (reading === undefined) {
        if (before !== undefined) await this.markDeleted(id);
        return this.repository.find(id);
      }
      if (before !== undefined && sameReading(before, reading)) return before;
      const stored = await this.feed.transaction(async (manager, announce) => {
        await announce(userChange(id));
        return this.repository.save(manager, reading, before?.version ?? 0);
      });
      if (stored) return this.repository.find(id);
    }
    throw new Error(`user ${id} kept changing while being read`);
  }

  /** Remembers a person just created, in the creator's transaction, without asking Keycloak again. */
  async introduce(manager: EntityManager, reading: UserReading): Promise<void> {
    await this.repository.save(manager, reading, 0);
  }

  /** Keeps a deleted person as deleted: his tokens and keys stop at once, everywhere. */
  async markDeleted(id: string): Promise<void> {
    await this.feed.transaction(async (manager, announce) => {
      await this.repository.markDeleted(manager, id);
      await announce(userChange(id));
    });
  }

  /** One writer to a person at a time, over all processes. @throws {Problem} Busy */
  async exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.locks.withLock(`user ${id}`, { what: 'this account' }, work);
  }

  /**
   * The only function that writes to a Keycloak user. Keycloak replaces the whole profile when it is sent attributes, so
   * this reads, merges and writes all, and must run inside `exclusively`. It never sends `enabled`.
   *
   * @param change what to change of the present account; undefined leaves it alone
   * @throws {KeycloakRefused} a name or e-mail is taken or not accepted
   * @returns the account as written, or undefined when there is no such user
   */
  async write(id: string, change: ProfileChange): Promise<Account | undefined> {
    const account = await this.accounts.find(id);
    if (account === undefined) return undefined;
    const wanted = change(account);
    if (wanted === undefined) return account;
    const { password, ...profile } = wanted;
    const merged = {
      username: account.username,
      email: account.email,
      firstName: account.firstName,
      lastName: account.lastName,
      ...profile,
      attributes: { ...account.attributes, ...profile.attributes },
    };
    await this.accounts.write(id, { ...merged, password });
    return { ...account, ...merged };
  }

  private async read(id: string): Promise<UserReading | undefined> {
    const [account, roles] = await Promise.all([this.accounts.find(id), this.accounts.roles(id)]);
    if (account === undefined || roles === undefined) return undefined;
    return toReading(account, roles);
  }
}

/** The change that everything cached about a person depends on. */
export function userChange(id: string): { kind: 'user'; id: string } {
  return { kind: 'user', id };
}

function toReading(account: Account, roles: readonly string[]): UserReading {
  return {
    id: account.id,
    username: account.username,
    email: account.email,
    emailVerified: account.emailVerified,
    fullName: joinName(account.firstName, account.lastName),
    guest: isGuest(account.attributes),
    enabled: account.enabled,
    roles: [...roles].sort(),
  };
}

function sameReading(user: User, reading: UserReading): boolean {
  return (Object.keys(reading) as (keyof UserReading)[]).every(
    (field) => JSON.stringify(user[field]) === JSON.stringify(reading[field]),
  );
}
