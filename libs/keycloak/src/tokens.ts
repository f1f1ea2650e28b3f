import { Inject, Injectable } from '@nestjs/common';
import { KeycloakGate } from './gate.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { KeycloakUnavailable, refusal } from './keycloak.problems.js';

/** Keycloak's answer of the token endpoint (RFC 6749 §5.1). */
export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds. */
  readonly refresh_expires_in: number;
}

type Form = Readonly<Record<string, string>>;

/** The token endpoint, for people and guests. */
@Injectable()
export class KeycloakTokens {
  private readonly endpoint: string;

  constructor(
    private readonly gate: KeycloakGate,
    @Inject(KEYCLOAK_OPTIONS) private readonly options: KeycloakOptions,
  ) {
    this.endpoint = `${options.url}/realms/${encodeURIComponent(options.realm)}/protocol/openid-connect`;
  }

  /** @throws {KeycloakRefused} wrong password, unknown or disabled user: `reason` is `invalid_grant` */
  async forPassword(username: string, password: string): Promise<TokenSet> {
    const form = { grant_type: 'password', username, password, ...this.client(this.options.loginClientId) };
    return this.ask('password-grant', '/token', form);
  }

  /**
   * Signs in a guest that was just created, without a password. Never ask it for anyone else.
   *
   * @throws {KeycloakRefused} the user is no guest, disabled or unknown
   */
  async forGuest(username: string): Promise<TokenSet> {
    const form = { grant_type: 'password', username, ...this.client(this.options.guestIssuer.id) };
    return this.ask('guest-grant', '/token', form);
  }

  /** @throws {KeycloakRefused} the token is expired, revoked, of another client, or its session ended */
  async refresh(refreshToken: string, clientId: string): Promise<TokenSet> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...this.client(clientId) };
    return this.ask('refresh-grant', '/token', form);
  }

  /** Ends the session of a refresh token. @throws {KeycloakRefused} there is no such session any more */
  async endSession(refreshToken: string, clientId: string): Promise<void> {
    await this.ask('logout', '/logout', { refresh_token: refreshToken, ...this.client(clientId) });
  }

  /** Whether tokens of this client can be refreshed here at all. */
  issuesTokensFor(clientId: string): boolean {
    return clientId === this.options.loginClientId || clientId === this.options.guestIssuer.id;
  }

  private client(clientId: string): Form {
    const { guestIssuer } = this.options;
    return clientId === guestIssuer.id
      ? { client_id: clientId, client_secret: guestIssuer.secret.reveal() }
      : { client_id: clientId };
  }

  private ask<T>(operation: string, path: string, form: Form): Promise<T> {
    return this.gate.pass(operation, async (signal) => {
      const url = this.endpoint + path;
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), signal });
      const text = await response.text();
      if (response.status >= 500) throw new Error(`${response.status} from Keycloak`);
      if (!response.ok) throw refused(operation, response.status, text);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    });
  }
}

/** Our own credentials refused is an outage to the caller, not his mistake; the guest flow refuses in HTML. */
function refused(operation: string, status: number, text: string): Error {
  const answer = refusal(operation, status, parse(text));
  return answer.reason === 'unauthorized_client' || answer.reason === 'invalid_client'
    ? KeycloakUnavailable(undefined, { cause: answer })
    : answer;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { error: 'invalid_grant' }; // the guest flow's HTML page: the user may not sign in this way
  }
}
