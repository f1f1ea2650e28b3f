import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooManyRequests } from '#problem';
import { clientNetwork } from './client-network.js';

const LIMIT = 'address limit';
const ADDRESS_LIMITS = Symbol('address limits');

/** The limits that count by client address. */
type AddressLimited = 'signIn' | 'guestLogin' | 'registration';

/** Calls a minute from one client address, of each kind. */
type AddressLimits = Readonly<Record<AddressLimited, number>>;

/** Bounds how often one client address may call a handler; needs `@UseGuards(AddressLimitGuard)`. */
export const LimitByAddress = (kind: AddressLimited): MethodDecorator => SetMetadata(LIMIT, kind);

/** Counts in memory, per process: the second fence behind the gateway's own limits. Needs `AddressLimitModule`. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  private readonly counters = new Map<string, RateLimiterMemory>();

  constructor(
    private readonly reflector: Reflector,
    @Inject(ADDRESS_LIMITS) private readonly limits: AddressLimits,
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
    const counter = new RateLimiterMemory({ points: this.limits[kind], duration: 60 });
    this.counters.set(name, counter);
    return counter;
  }
}

/** Says how much one address may; once, in the app's list of modules. */
@Module({})
export class AddressLimitModule {
  static forRoot(limits: AddressLimits): DynamicModule {
    return {
      module: AddressLimitModule,
      global: true,
      providers: [{ provide: ADDRESS_LIMITS, useValue: limits }],
      exports: [ADDRESS_LIMITS],
    };
  }
}
