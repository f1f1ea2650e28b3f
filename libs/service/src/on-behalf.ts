import type { FastifyReply } from 'fastify';
import type { Principal } from '#principal';
import { goneSignal } from './gone.js';

/** In whose name something is done for a request, and for how long. */
export interface OnBehalf {
  readonly principal: Principal;
  /** `X-Request-Id` of the request that causes it. */
  readonly requestId: string;
  /** Headers of that request: the trace that they name goes on. */
  readonly incoming?: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** On behalf of whoever sent the request that this answers. */
export function onBehalfOf(principal: Principal, reply: FastifyReply): OnBehalf {
  const { id: requestId, headers: incoming } = reply.request;
  return { principal, requestId, incoming, signal: goneSignal(reply) };
}
