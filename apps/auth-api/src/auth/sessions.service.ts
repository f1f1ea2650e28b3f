import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { UsersService } from '../users/index.js';
import { KeycloakRefused, KeycloakTokens, type TokenSet } from '#keycloak';
import { Locks } from '#storage';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { LoginRefused, RefreshRefused } from './auth.problems.js';
import { hintOf } from './token-claims.js';

/**
 * A refused login is answered no sooner than this. Keycloak hashes a password for an unknown user as well, but answers
 * at once for one who has none (a guest, or one who upgraded without), which would tell them apart.
 */
const REFUSAL_MS = 250;
/** A login this soon after another one of the same person may be refused by Keycloak for that alone. */
const CLOSE_MS = 1000;
/** Until Keycloak has done with the login before, which it does after it has answered. */
const SETTLE_MS = 100;
/** Who waited this long for the lock had another login before him, perhaps in another process. */
const WAITED_MS = 50;

/** Signing in, staying signed in and signing out, by Keycloak. */
@Injectable()
export class SessionsService {
  /** Who signed in, or tried to, just now. */
  private readonly recent = new LRUCache<string, true>({ max: 10_000, ttl: CLOSE_MS });

  constructor(
    private readonly tokens: KeycloakTokens,
    private readonly locks: Locks,
    private readonly users: UsersService,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  /**
   * One login of a person at a time, whether by name or by e-mail: Keycloak's brute-force protection refuses parallel
   * ones, right password or not. It still counts one as running for a moment after it has answered, so one that comes
   * close behind another and is refused is tried once more; a wrong password then counts twice against the person.
   *
   * @throws {Problem} LoginRefused, the same whatever the reason; KeycloakUnavailable; Busy
   */
  async login(username: string, password: string): Promise<TokenSet> {
    const startedAt = performance.now();
    try {
      const name = `login ${await this.users.loginKey(username)}`;
      return await this.locks.withLock(name, { what: 'signing in this user' }, async () => {
        const isClose = this.recent.has(name) || performance.now() - startedAt > WAITED_MS;
        try {
          return await this.tokens.forPassword(username, password);
        } catch (error) {
          if (!isClose || !(error instanceof KeycloakRefused)) throw error;
          await setTimeout(SETTLE_MS);
          return await this.tokens.forPassword(username, password);
        } finally {
          this.recent.set(name, true);
        }
      });
    } catch (error) {
      if (!(error instanceof KeycloakRefused)) throw error;
      await setTimeout(REFUSAL_MS - (performance.now() - startedAt));
      throw LoginRefused(this.options, { cause: error });
    }
  }

  /** @throws {Problem} RefreshRefused; KeycloakUnavailable */
  async refresh(refreshToken: string): Promise<TokenSet> {
    const azp = this.clientOf(refreshToken);
    if (azp === undefined) throw RefreshRefused(this.options);
    try {
      return await this.tokens.refresh(refreshToken, azp);
    } catch (error) {
      throw error instanceof KeycloakRefused ? RefreshRefused(this.options, { cause: error }) : error;
    }
  }

  /** Ends the session; one that has ended, or never was, is fine. @throws {Problem} KeycloakUnavailable */
  async logout(refreshToken: string): Promise<void> {
    const azp = this.clientOf(refreshToken);
    if (azp === undefined) return;
    try {
      await this.tokens.endSession(refreshToken, azp);
    } catch (error) {
      if (!(error instanceof KeycloakRefused)) throw error;
    }
  }

  /** A refresh token works only for the client it was given to; tokens of clients that are not ours are not asked about. */
  private clientOf(refreshToken: string): string | undefined {
    const azp = hintOf(refreshToken)?.azp;
    return azp !== undefined && this.tokens.issuesTokensFor(azp) ? azp : undefined;
  }
}
