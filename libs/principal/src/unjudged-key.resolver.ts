import { credentialsOf } from './credentials.js';
import type { Principal } from './principal.js';
import { Unauthenticated } from './principal.problems.js';
import type { IncomingRequest, PrincipalResolver } from './resolver.js';

/** Stands in where no resolver judges API keys: a key that reaches such a service without the gateway is refused. */
export class UnjudgedKeyResolver implements PrincipalResolver {
  constructor(private readonly realm: string) {}

  /** @throws {Problem} Unauthenticated: key-needs-gateway */
  resolve(request: IncomingRequest, before: Principal | undefined): Promise<undefined> {
    const judged = before?.via.gateway === true || credentialsOf(request).apiKeys.length === 0;
    return judged
      ? Promise.resolve(undefined)
      : Promise.reject(Unauthenticated({ reason: 'key-needs-gateway', realm: this.realm }));
  }
}
