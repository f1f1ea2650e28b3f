import { Injectable } from '@nestjs/common';
import { AuditService, type Origin } from '../audit/index.js';
import { type User, UsersService } from '../users/index.js';
import { KeycloakAccounts, KeycloakRefused } from '#keycloak';
import { ValidationFailed } from '#problem';
import { Database } from '#storage';
import { LoginRefused } from './auth.problems.js';
import { SessionsService } from './sessions.service.js';

/** Setting and changing one's own password. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly accounts: KeycloakAccounts,
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  /**
   * Sets the first password, or changes it for one who knows the present one. Sessions go on.
   *
   * @throws {Problem} ValidationFailed naming `current_password` or `new_password`
   */
  async change(
    user: User,
    newPassword: string,
    currentPassword: string | undefined,
    origin: Origin,
  ): Promise<void> {
    if (await this.accounts.hasPassword(user.id)) await this.verify(user, currentPassword);
    await this.users.exclusively(user.id, () => this.set(user.id, newPassword));
    await this.database.transaction((manager) =>
      this.audit.record(manager, {
        actor: user.id,
        action: 'password.changed',
        target: `user:${user.id}`,
        origin,
      }),
    );
  }

  private async verify(user: User, password: string | undefined): Promise<void> {
    if (password === undefined)
      throw fault('current_password', 'must be given, since this account has a password already');
    try {
      const { refresh_token: session } = await this.sessions.login(user.username, password);
      await this.sessions.logout(session);
    } catch (error) {
      throw LoginRefused.is(error) ? fault('current_password', 'is not right') : error;
    }
  }

  private async set(id: string, password: string): Promise<void> {
    try {
      await this.accounts.setPassword(id, password);
    } catch (error) {
      if (!(error instanceof KeycloakRefused)) throw error;
      throw fault('new_password', passwordAdvice(error), error);
    }
  }
}

/** Keycloak's sentence about what the password policy wants, without its heading. */
export function passwordAdvice(error: KeycloakRefused): string {
  const text = error.description ?? error.fields[0]?.code ?? 'is not accepted by the password policy';
  return text.replace(/^Invalid password:\s*/i, '');
}

function fault(field: string, detail: string, cause?: unknown): Error {
  return ValidationFailed({ errors: [{ field, detail }] }, { cause });
}
