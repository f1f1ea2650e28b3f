import type { Secret } from '#config';
import type { Principal } from './principal.js';
import type { PrincipalResolver } from './resolver.js';

/**
 * Asked about every principal, whichever way he was found, before he is let in.
 *
 * It may answer with the person as he is now (roles, guest or not), which then counts instead of what the token says.
 *
 * @throws {Problem} the person is disabled or deleted
 */
export interface SubjectCheck {
  check(principal: Principal): Promise<Principal | void>;
}

export interface PrincipalOptions {
  /** Name of this service: `aud` of the gateway identities it believes. */
  readonly service: string;
  /** Keys of these identities, 32 bytes as base64url each: the current one, then the one before. */
  readonly identityKeys: readonly Secret[];
  /** `realm` of the challenge in a 401 (RFC 6750 §3). */
  readonly realm: string;
  /** `iss` of access tokens. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Required in `aud` of access tokens. */
  readonly audience: string;
  /** Clients whose tokens are accepted (`azp`). */
  readonly acceptedParties: readonly string[];
  /** Asked after gateway identity and token. Where there is none, API keys are refused and sent to the gateway. */
  readonly resolvers?: readonly PrincipalResolver[];
  readonly subjectCheck?: SubjectCheck;
  /** `log`: what would be refused is only logged and counted, where neither a role nor an owner is needed. */
  readonly mode?: 'enforce' | 'log';
}

export const PRINCIPAL_OPTIONS = Symbol('principal options');
