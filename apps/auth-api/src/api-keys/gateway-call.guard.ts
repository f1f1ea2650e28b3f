import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { GatewayOnly } from './api-keys.problems.js';

/** Lets in whoever knows GATEWAY_CALL_SECRET; compared by hash, in constant time. */
@Injectable()
export class GatewayCallGuard implements CanActivate {
  constructor(@Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [scheme, secret = ''] = authorization.split(' ', 2);
    const sent = createHash('sha256').update(secret).digest();
    const known = this.options.callSecretHashes.some((hash) => timingSafeEqual(hash, sent));
    if (scheme?.toLowerCase() !== 'bearer' || !known) throw GatewayOnly();
    return true;
  }
}
