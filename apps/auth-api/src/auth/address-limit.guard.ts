import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Limits } from '#config';
import { TooManyRequests } from '#problem';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { clientNetwork } from './client-network.js';

const LIMIT = 'address limit';

/** The limits that count by client address. */
type AddressLimited = keyof Pick<Limits, 'signIn' | 'guestLogin'>;

/** Bounds how often one client address may call a handler; needs `@UseGuards(AddressLimitGuard)` on the controller. */
export const LimitByAddress = (kind: AddressLimited): MethodDecorator => SetMetadata(LIMIT, kind);

/** Counts in memory, per process: the second fence behind the gateway's own limits. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  private readonly counters = new Map<string, RateLimiterMemory>();

  constructor(
    private readonly reflector: Reflector,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const kind = this.reflector.get<AddressLimited | undefined>(LIMIT, context.getHandler());
    if (kind === undefined) return true;
    const { ip } = context.switchToHttp().getRequest<FastifyRequest>();
    try {
      await this.counter(kind, context.getHandler().name).consume(clientNetwork(ip));
      return true;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
      throw TooManyRequests({ retryAfterSeconds, what: 'Too many requests of this kind from your address.' });
    }
  }

  private counter(kind: AddressLimited, handler: string): RateLimiterMemory {
    const name = `${kind} ${handler}`;
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const counter = new RateLimiterMemory({ points: this.options.limits[kind].perMinute, duration: 60 });
    this.counters.set(name, counter);
    return counter;
  }
}
