import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from './principal.js';

/** The parts of a Fastify request that tell who is calling. */
export interface IncomingRequest {
  readonly headers: IncomingHttpHeaders;
  /** Node's own request: its `headers` hide a second Authorization header, `rawHeaders` does not. */
  readonly raw: { readonly rawHeaders: readonly string[] };
}

/**
 * Judges one kind of credential.
 *
 * `undefined`: not sent. Throws a problem: sent, and it fails. A principal: fully verified.
 */
export interface PrincipalResolver {
  /** @param before who an earlier resolver found; a gateway that is proven has judged all credentials already */
  resolve(request: IncomingRequest, before: Principal | undefined): Promise<Principal | undefined>;
}
