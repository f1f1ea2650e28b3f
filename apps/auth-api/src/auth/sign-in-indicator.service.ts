import { Injectable } from '@nestjs/common';
import { KeycloakProbe } from '#keycloak';
import { RealmKeys } from '#principal';

/** What /readyz and /health/auth say about signing in. */
export interface SignInHealth {
  /** Realm keys are loaded: tokens can be verified, whether or not Keycloak answers now. */
  readonly keys: { readonly loaded: boolean; readonly age_seconds: number | null };
  readonly keycloak: 'up' | 'down';
}

@Injectable()
export class SignInIndicator {
  constructor(
    private readonly realmKeys: RealmKeys,
    private readonly probe: KeycloakProbe,
  ) {}

  async check(): Promise<SignInHealth> {
    const { loaded, ageMs } = this.realmKeys.status();
    return {
      keys: { loaded, age_seconds: loaded && ageMs !== undefined ? Math.round(ageMs / 1000) : null },
      keycloak: (await this.probe.answers()) ? 'up' : 'down',
    };
  }
}
