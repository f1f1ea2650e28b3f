import { Injectable } from '@nestjs/common';
import { KeycloakRefused } from './keycloak.problems.js';
import { ServiceAccount } from './service-account.js';

/** A user as Keycloak has it. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly enabled: boolean;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** What can be written to a user. `enabled` is missing on purpose: only administrators of Keycloak decide that. */
export interface AccountChange {
  readonly username?: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly password?: string;
}

/** Roles that every realm has for Keycloak's own use and that mean nothing to us. */
const KEYCLOAK_OWN_ROLE = /^$|^default-roles-|^offline_access$|^uma_authorization$/;

/** Users and their groups and roles, by Keycloak's Admin API. No policy here: see `users` in auth-api. */
@Injectable()
export class KeycloakAccounts {
  private readonly groupIds = new Map<string, string>();

  constructor(private readonly service: ServiceAccount) {}

  /** Creates a user in one call, groups included; returns its id. @throws {KeycloakRefused} 409: the name is taken */
  async create(username: string, attributes: Account['attributes'], group: string): Promise<string> {
    const { id } = await this.service.call('create-user', (admin) =>
      admin.users.create({ username, enabled: true, attributes: { ...attributes }, groups: [group] }),
    );
    return id;
  }

  async find(id: string): Promise<Account | undefined> {
    const found = await unlessMissing(this.service.call('read-user', (admin) => admin.users.findOne({ id })));
    return found && toAccount(found);
  }

  async findByUsername(username: string): Promise<Account | undefined> {
    const found = await this.service.call('find-user', (admin) =>
      admin.users.find({ username, exact: true }),
    );
    return found[0] === undefined ? undefined : toAccount(found[0]);
  }

  /**
   * Replaces the whole profile: Keycloak erases what is left out once `attributes` is sent, so pass everything.
   *
   * @throws {KeycloakRefused} 409 a name or e-mail is taken, 400 a field is not accepted
   */
  async write(id: string, { password, ...profile }: AccountChange): Promise<void> {
    const credentials =
      password === undefined
        ? {}
        : { credentials: [{ type: 'password', value: password, temporary: false }] };
    await this.service.call('write-user', (admin) =>
      admin.users.update({ id }, { ...profile, ...credentials }),
    );
  }

  /** Deletes a user; one that is gone already is fine. */
  async delete(id: string): Promise<void> {
    await unlessMissing(this.service.call('delete-user', (admin) => admin.users.del({ id })));
  }

  /** Names of all realm roles a user has, by groups and composites too; undefined when there is no such user. */
  async roles(id: string): Promise<readonly string[] | undefined> {
    const roles = await unlessMissing(
      this.service.call('read-roles', (admin) => admin.users.listCompositeRealmRoleMappings({ id })),
    );
    return roles?.map(({ name }) => name ?? '').filter((name) => !KEYCLOAK_OWN_ROLE.test(name));
  }

  async addToGroup(id: string, group: string): Promise<void> {
    const groupId = await this.groupId(group);
    await this.service.call('join-group', (admin) => admin.users.addToGroup({ id, groupId }));
  }

  async removeFromGroup(id: string, group: string): Promise<void> {
    const groupId = await this.groupId(group);
    await unlessMissing(
      this.service.call('leave-group', (admin) => admin.users.delFromGroup({ id, groupId })),
    );
  }

  async setPassword(id: string, password: string): Promise<void> {
    const credential = { type: 'password', value: password, temporary: false };
    await this.service.call('set-password', (admin) => admin.users.resetPassword({ id, credential }));
  }

  async hasPassword(id: string): Promise<boolean> {
    const credentials = await this.service.call('read-credentials', (admin) =>
      admin.users.getCredentials({ id }),
    );
    return credentials.some(({ type }) => type === 'password');
  }

  /** Has Keycloak send the mail that confirms an address; needs the realm's SMTP server. */
  async sendVerifyEmail(id: string): Promise<void> {
    await this.service.call('send-verify-email', (admin) => admin.users.sendVerifyEmail({ id }));
  }

  private async groupId(name: string): Promise<string> {
    const known = this.groupIds.get(name);
    if (known !== undefined) return known;
    const groups = await this.service.call('find-group', (admin) =>
      admin.groups.find({ search: name, exact: true }),
    );
    const id = groups.find((group) => group.name === name)?.id;
    if (id === undefined)
      throw new Error(`group "${name}" is not in the realm: import keycloak/realm-jan.json`);
    this.groupIds.set(name, id);
    return id;
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KeycloakRefused && error.status === 404) return undefined;
    throw error;
  }
}

function toAccount(user: {
  id?: string;
  username?: string;
  email?: string;
  emailVerified?: boolean;
  firstName?: string;
  lastName?: string;
  enabled?: boolean;
  attributes?: Record<string, unknown>;
}): Account {
  return {
    id: user.id ?? '',
    username: user.username ?? '',
    email: user.email,
    emailVerified: user.emailVerified ?? false,
    firstName: user.firstName,
    lastName: user.lastName,
    enabled: user.enabled ?? false,
    attributes: (user.attributes ?? {}) as Account['attributes'],
  };
}
