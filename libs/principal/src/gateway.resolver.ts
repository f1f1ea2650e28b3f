import { Inject, Injectable } from '@nestjs/common';
import { errors } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Problem } from '#problem';
import {
  type GatewayIdentity,
  IDENTITY_KEYS,
  type IdentityKeys,
  principalFromIdentity,
  verifyGatewayIdentity,
} from './gateway-identity.js';
import { agrees, type IdentityHeader, identityHeadersOf, PROOF } from './identity-headers.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import type { Principal } from './principal.js';
import { type Reason, Unauthenticated } from './principal.problems.js';
import type { IncomingRequest, PrincipalResolver } from './resolver.js';

/** The gateway also sends its version on routes where it asks nobody who he is. */
const TOLERATED_ON_PUBLIC_ROUTES = 'x-gateway-version';
const REMEMBERED_PROOFS = 5000;

/**
 * Believes the gateway when it proves itself, and refuses whoever talks like it without the proof. Such headers are never
 * ignored: another service, or a later line of code, might read them.
 */
@Injectable()
export class GatewayResolver implements PrincipalResolver {
  /** The gateway signs once in a few seconds for each person; nothing but time makes a good proof a bad one. */
  private readonly verified = new LRUCache<string, GatewayIdentity>({ max: REMEMBERED_PROOFS });

  constructor(
    @Inject(PRINCIPAL_OPTIONS) private readonly options: PrincipalOptions,
    @Inject(IDENTITY_KEYS) private readonly keys: IdentityKeys,
  ) {}

  /** @throws {Problem} Unauthenticated */
  async resolve({ headers }: IncomingRequest): Promise<Principal | undefined> {
    const identity = await this.identityOf(headers[PROOF]);
    this.refuseUnproven(identityHeadersOf(headers), identity);
    return identity && principalFromIdentity(identity);
  }

  /** On a public route nobody is asked who he is, and still nobody may claim it. @throws {Problem} Unauthenticated */
  async refuseClaims({ headers }: IncomingRequest): Promise<void> {
    const claims = identityHeadersOf(headers).filter(({ name }) => name !== TOLERATED_ON_PUBLIC_ROUTES);
    this.refuseUnproven(claims, await this.identityOf(headers[PROOF]));
  }

  private refuseUnproven(claims: readonly IdentityHeader[], identity: GatewayIdentity | undefined): void {
    if (claims.some((header) => identity === undefined || !agrees(header, identity)))
      throw this.refusal('unproven-identity-headers');
  }

  /** Node joins a header sent twice with a comma, which no JWT contains: two proofs are a bad one. */
  private async identityOf(proof: string | string[] | undefined): Promise<GatewayIdentity | undefined> {
    if (proof === undefined) return undefined;
    const text = String(proof);
    const known = this.verified.get(text);
    if (known !== undefined && known.exp > Date.now() / 1000) return known;
    try {
      const { service } = this.options;
      const identity = await verifyGatewayIdentity(text, { keys: this.keys, service });
      this.verified.set(text, identity);
      return identity;
    } catch (error) {
      throw this.refusal(
        error instanceof errors.JWTExpired ? 'expired-gateway-identity' : 'bad-gateway-identity',
        error,
      );
    }
  }

  private refusal(reason: Reason, cause?: unknown): Problem {
    return Unauthenticated({ reason, realm: this.options.realm }, { cause });
  }
}
