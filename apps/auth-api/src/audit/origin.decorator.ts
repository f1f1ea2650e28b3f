import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request came from, for the audit trail and for limits. */
export interface Origin {
  readonly requestId: string;
  /** Client address as far as TRUSTED_PROXIES allows us to believe it. */
  readonly address: string;
}

/** Handler parameter: the origin of the request. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin => {
  const { id, ip } = context.switchToHttp().getRequest<FastifyRequest>();
  return { requestId: id, address: ip };
});
