import { Inject, Injectable } from '@nestjs/common';
import { GatewayResolver } from './gateway.resolver.js';
import { JwtResolver } from './jwt.resolver.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import type { Principal } from './principal.js';
import { ConfusedDeputy, Unauthenticated } from './principal.problems.js';
import type { IncomingRequest, PrincipalResolver } from './resolver.js';
import { UnjudgedKeyResolver } from './unjudged-key.resolver.js';
import { verdict } from './verdict.js';

/** Finds the one person behind a request: gateway identity, then token, then what the service adds. */
@Injectable()
export class Authenticator {
  private readonly resolvers: readonly PrincipalResolver[];

  constructor(
    @Inject(PRINCIPAL_OPTIONS) private readonly options: PrincipalOptions,
    gateway: GatewayResolver,
    private readonly jwt: JwtResolver,
  ) {
    const { resolvers: extra = [], realm } = options;
    this.resolvers = [gateway, jwt, ...(extra.length > 0 ? extra : [new UnjudgedKeyResolver(realm)])];
  }

  /**
   * @param revalidate the person's own token must be there, and is verified here even if the gateway has done so
   * @throws {Problem} Unauthenticated, ConfusedDeputy, KeysUnavailable, or a problem of the service's own resolvers or check
   */
  async authenticate(request: IncomingRequest, { revalidate }: { revalidate: boolean }): Promise<Principal> {
    const found = await this.resolveAll(request);
    if (found === undefined) throw Unauthenticated({ reason: 'missing', realm: this.options.realm });
    const principal = revalidate ? await this.revalidate(request, found) : found;
    const present = await this.options.subjectCheck?.check(principal);
    if (present && present.id !== principal.id)
      throw new Error(`subject check of ${principal.id} answered ${present.id}`);
    return present ?? principal;
  }

  /** Every resolver is asked even after one has found somebody: the other credentials must be good as well. */
  private async resolveAll(request: IncomingRequest): Promise<Principal | undefined> {
    const principals: Principal[] = [];
    const failures: unknown[] = [];
    for (const resolver of this.resolvers) {
      try {
        const principal = await resolver.resolve(request, principals[0]);
        if (principal !== undefined) principals.push(principal);
      } catch (error) {
        failures.push(error);
      }
    }
    return verdict({ principals, failures });
  }

  /** Roles and name are then the token's; that the gateway stood behind it is kept. */
  private async revalidate(request: IncomingRequest, found: Principal): Promise<Principal> {
    const own = await this.jwt.resolve(request, undefined);
    if (own === undefined) throw Unauthenticated({ reason: 'token-required', realm: this.options.realm });
    if (own.id !== found.id) throw ConfusedDeputy();
    return { ...own, via: { ...own.via, gateway: found.via.gateway } };
  }
}
