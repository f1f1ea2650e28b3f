import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { type Principal, principalOf, refusalOf } from './principal.js';
import type { IncomingRequest } from './resolver.js';
import type { Scope } from './scopes.js';

const PUBLIC = Symbol('public');
const ROLES = Symbol('roles');
const SCOPES = Symbol('scopes');
const REVALIDATE = Symbol('revalidate');

type Decorator = MethodDecorator & ClassDecorator;

/** The only way out of the guard: nobody is asked who he is. Wants of the handler itself win over it. */
export const Public = (): Decorator => SetMetadata(PUBLIC, true);

/** One of these realm roles is needed. On a handler it replaces that of its controller, as `Scopes` does. */
export const Roles = (...roles: [string, ...string[]]): Decorator => SetMetadata(ROLES, roles);

/** An API key needs all of these scopes; a session has them. */
export const Scopes = (...scopes: [Scope, ...Scope[]]): Decorator => SetMetadata(SCOPES, scopes);

/** The caller's own access token is needed and verified here again; the gateway's word and API keys are not enough. */
export const RevalidateToken = (): Decorator => SetMetadata(REVALIDATE, true);

/**
 * Handler parameter: who is calling.
 *
 * @throws {Problem} nobody is known, and the request was let through all the same (AUTH_MODE=log): here an owner is needed
 * @throws {Error} on a public route, which has nobody to give
 */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const request = context.switchToHttp().getRequest<IncomingRequest>();
  const principal = principalOf(request);
  if (principal === undefined) throw refusalOf(request) ?? new Error('@CurrentPrincipal() on a public route');
  return principal;
});

/** What a route asks of its callers. */
export interface Access {
  readonly public: boolean;
  readonly roles: readonly string[];
  readonly scopes: readonly Scope[];
  readonly revalidate: boolean;
}

/** Reads the decorators of a route. One that says both, at one level, is closed. */
export function accessOf(reflector: Reflector, context: ExecutionContext): Access {
  const [handler, controller] = [context.getHandler(), context.getClass()];
  const read = <T>(key: symbol): T | undefined =>
    reflector.getAllAndOverride<T | undefined>(key, [handler, controller]);
  const wants = (target: typeof handler | typeof controller): boolean =>
    [ROLES, SCOPES, REVALIDATE].some((key) => reflector.get<unknown>(key, target) !== undefined);
  const opened = (target: typeof handler | typeof controller): boolean =>
    reflector.get<boolean | undefined>(PUBLIC, target) === true && !wants(target);
  return {
    public: opened(handler) || (opened(controller) && !wants(handler)),
    roles: read<readonly string[]>(ROLES) ?? [],
    scopes: read<readonly Scope[]>(SCOPES) ?? [],
    revalidate: read<boolean>(REVALIDATE) ?? false,
  };
}
