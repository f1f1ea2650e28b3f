import { Injectable } from '@nestjs/common';
import { AuditService, type Origin } from '../audit/index.js';
import { passwordAdvice } from '../auth/index.js';
import { isGuest, PresentSubject, splitName, UsersService } from '../users/index.js';
import { type Account, type AccountChange, KeycloakAccounts, KeycloakRefused } from '#keycloak';
import { Problem, ValidationFailed } from '#problem';
import { Database } from '#storage';
import type { GuestRow } from './guest.entity.js';
import { usernameFault } from './guest.js';
import { NameTaken, NotAGuest } from './guests.problems.js';
import { GuestsRepository } from './guests.repository.js';

/** What a guest wants to be from now on. */
export interface Upgrade {
  readonly username: string;
  readonly email: string;
  readonly fullName: string | undefined;
  readonly password: string | undefined;
}

/**
 * Turns a guest into a registered person with the same id. The deciding step is one write to Keycloak (profile and
 * `guest: false` together); before it nothing has happened, after it the rest is done again until it is done.
 */
@Injectable()
export class UpgradesService {
  constructor(
    private readonly guests: GuestsRepository,
    private readonly users: UsersService,
    private readonly subjects: PresentSubject,
    private readonly accounts: KeycloakAccounts,
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  /**
   * @throws {Problem} NotAGuest; NameTaken or ValidationFailed naming the field, and the guest stays as he was; Busy;
   *   Unauthenticated when he has just been disabled or deleted; KeycloakUnavailable
   */
  async upgrade(userId: string, upgrade: Upgrade, origin: Origin): Promise<Account> {
    const reserved = usernameFault(upgrade.username);
    if (reserved !== undefined) throw ValidationFailed({ errors: [{ field: 'username', detail: reserved }] });
    return this.users.exclusively(userId, async () => {
      const guest = await this.guestOf(userId);
      await this.subjects.checkNow(userId);
      await this.guests.moveNow(guest.username, 'upgrading');
      try {
        const account = await this.write(guest, upgrade);
        await this.finish(guest, account, origin);
        return account;
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) await this.guests.settleSoon();
        throw error;
      }
    });
  }

  /**
   * Brings an upgrade that was cut off to its end, or back to its beginning, by what Keycloak says.
   *
   * @param mayGoBack whether a guest is taken for one; false: his upgrade may still be carried out
   * @returns false when it is still under way
   */
  async settle(userId: string, mayGoBack: boolean): Promise<boolean> {
    return this.users.exclusively(userId, async () => {
      const guest = await this.guests.findByUser(userId);
      return guest?.state !== 'upgrading' || this.resume(guest, mayGoBack);
    });
  }

  private async guestOf(userId: string): Promise<GuestRow> {
    let guest = await this.guests.findByUser(userId);
    if (guest?.state === 'upgrading') {
      await this.resume(guest, true);
      guest = await this.guests.findByUser(userId);
    }
    if (guest?.state === 'active') return guest;
    if (guest !== undefined) throw NotAGuest();
    const user = await this.users.meet(userId);
    if (user?.guest !== true) throw NotAGuest();
    return this.guests.adopt(userId, user.username);
  }

  private async write(guest: GuestRow, { username, email, fullName, password }: Upgrade): Promise<Account> {
    const names = fullName === undefined ? {} : splitName(fullName);
    const profile = {
      username: username.toLowerCase(),
      email: email.toLowerCase(),
      ...names,
      attributes: { guest: ['false'] },
      password,
    };
    try {
      const written = await this.put(guest.userId as string, profile);
      if (written !== undefined) return written;
      throw NotAGuest();
    } catch (error) {
      if (!(error instanceof KeycloakRefused)) throw error;
      await this.guests.moveNow(guest.username, 'active');
      throw explain(error);
    }
  }

  /** Of two who want one name at the same moment Keycloak tells the second only that something is taken: asked again, what. */
  private async put(userId: string, profile: AccountChange): Promise<Account | undefined> {
    try {
      return await this.users.write(userId, () => profile);
    } catch (error) {
      const isVague =
        error instanceof KeycloakRefused && error.status === 409 && takenFields(error.reason).length !== 1;
      if (!isVague) throw error;
      return this.users.write(userId, () => profile);
    }
  }

  private async finish(guest: GuestRow, account: Account, origin: Origin | undefined): Promise<void> {
    await Promise.all([
      this.accounts.addToGroup(account.id, 'users'),
      this.accounts.removeFromGroup(account.id, 'guests'),
    ]);
    // Before the state that nobody looks at again: what we know of him is then new whenever this was cut off.
    await this.users.reread(account.id);
    await this.database.transaction(async (manager) => {
      await this.guests.move(manager, guest.username, 'member');
      await this.audit.record(manager, {
        actor: account.id,
        action: 'guest.upgraded',
        target: `user:${account.id}`,
        origin,
        details: { username: account.username },
      });
    });
  }

  private async resume(guest: GuestRow, mayGoBack: boolean): Promise<boolean> {
    const account = await this.accounts.find(guest.userId as string);
    const isMember = account !== undefined && !isGuest(account.attributes);
    if (isMember) await this.finish(guest, account, undefined);
    else if (mayGoBack) await this.guests.moveNow(guest.username, 'active');
    return isMember || mayGoBack;
  }
}

/** Keycloak's refusal of a profile, at the field that caused it. */
function explain(error: KeycloakRefused): Error {
  if (error.status === 409) {
    const [first = 'username', ...more] = takenFields(error.reason);
    const errors = [first, ...more].map((field) => ({ field, detail: 'is taken' }));
    return NameTaken({ errors }, { cause: error });
  }
  if (/^invalidPassword/.test(error.reason))
    return ValidationFailed(
      { errors: [{ field: 'password', detail: passwordAdvice(error) }] },
      { cause: error },
    );
  const errors = error.fields.map(({ field, code }) => ({
    field: field === 'firstName' || field === 'lastName' ? 'full_name' : field,
    detail: code.replace(/^error-/, '').replaceAll('-', ' '),
  }));
  return ValidationFailed(
    { errors: errors.length > 0 ? errors : [{ field: 'body', detail: error.reason }] },
    { cause: error },
  );
}

function takenFields(reason: string): string[] {
  return ['username', 'email'].filter((field) => reason.toLowerCase().includes(field));
}
