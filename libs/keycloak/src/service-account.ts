import { Inject, Injectable } from '@nestjs/common';
import KeycloakAdminClient, { NetworkError } from '@keycloak/keycloak-admin-client';
import { KeycloakGate } from './gate.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { KeycloakUnavailable } from './keycloak.problems.js';

/** A new token is fetched this long before the old one ends, so that no request waits for it. */
const RENEW_BEFORE_MS = 60_000;

interface ServiceToken {
  readonly value: string;
  readonly renewAt: number;
}

/** The backend's own session with Keycloak: one token for all requests, renewed ahead of time and after a refusal. */
@Injectable()
export class ServiceAccount {
  private readonly client: KeycloakAdminClient;
  private token: ServiceToken | undefined;
  private renewal: Promise<ServiceToken> | undefined;

  constructor(
    private readonly gate: KeycloakGate,
    @Inject(KEYCLOAK_OPTIONS) private readonly options: KeycloakOptions,
  ) {
    this.client = new KeycloakAdminClient({
      baseUrl: options.url,
      realmName: options.realm,
      timeout: options.timeoutMs,
    });
    this.client.registerTokenProvider({ getAccessToken: async () => (await this.current()).value });
  }

  /** One operation of the Admin API; after a 401 once more with a new token (a disabled realm key refuses ours too). */
  async call<T>(operation: string, work: (admin: KeycloakAdminClient) => Promise<T>): Promise<T> {
    await this.current();
    return this.gate.pass(operation, async () => {
      try {
        return await work(this.client);
      } catch (error) {
        if (!(error instanceof NetworkError) || error.response.status !== 401) throw error;
        this.token = undefined;
        await this.current();
        return work(this.client);
      }
    });
  }

  /** The id of the service account's own user: the author of our own changes in the admin events. */
  async ownUserId(): Promise<string> {
    const { value } = await this.current();
    const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as {
      sub: string;
    };
    return claims.sub;
  }

  private async current(): Promise<ServiceToken> {
    if (this.token !== undefined && performance.now() < this.token.renewAt) return this.token;
    this.renewal ??= this.renew().finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async renew(): Promise<ServiceToken> {
    const { url, realm, backend } = this.options;
    const granted = await this.gate.pass('service-token', async (signal) => {
      const response = await fetch(
        `${url}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
        {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: backend.id,
            client_secret: backend.secret.reveal(),
          }),
          signal,
        },
      );
      if (!response.ok)
        throw KeycloakUnavailable(undefined, {
          cause: new Error(`client ${backend.id} refused with ${response.status}: check its secret`),
        });
      return (await response.json()) as { access_token: string; expires_in: number };
    });
    const lifetimeMs = granted.expires_in * 1000;
    this.token = {
      value: granted.access_token,
      renewAt: performance.now() + Math.max(lifetimeMs / 2, lifetimeMs - RENEW_BEFORE_MS),
    };
    return this.token;
  }
}
