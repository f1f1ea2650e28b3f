import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Access, accessOf } from './access.js';
import { Authenticator } from './authenticator.service.js';
import { GatewayResolver } from './gateway.resolver.js';
import { authLatency, countFailure, countLetThrough, countSuccess } from './metrics.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import { keepPrincipal, keepRefusal, type Principal } from './principal.js';
import { Forbidden, InsufficientScope } from './principal.problems.js';
import type { IncomingRequest } from './resolver.js';
import { hasScope } from './scopes.js';

/** The part of a Fastify reply that the guard uses. */
interface Reply {
  headers(values: Readonly<Record<string, string>>): unknown;
}

/** Global and closed: a route that says nothing lets nobody in without a principal. */
@Injectable()
export class PrincipalGuard implements CanActivate {
  private readonly logger = new Logger(PrincipalGuard.name);

  constructor(
    @Inject(PRINCIPAL_OPTIONS) private readonly options: PrincipalOptions,
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly gateway: GatewayResolver,
  ) {}

  /** @throws {Problem} why the request is refused; never answers false, which would say nothing */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(this.reflector, context);
    const startedAt = performance.now();
    try {
      await this.admit(context, access);
    } catch (error) {
      countFailure(error);
      if (!(error instanceof Error) || !this.onlyLogs(access)) throw error;
      this.letThrough(context, error);
    } finally {
      if (!access.public) authLatency.observe(performance.now() - startedAt);
    }
    return true;
  }

  private async admit(context: ExecutionContext, access: Access): Promise<void> {
    const http = context.switchToHttp();
    const request = http.getRequest<IncomingRequest>();
    if (access.public) return this.gateway.refuseClaims(request);
    const principal = await this.authenticator.authenticate(request, access);
    keepPrincipal(request, principal);
    const reply = http.getResponse<Reply>();
    reply.headers({
      'x-auth-method': principal.via.method,
      'x-principal-id': principal.id,
      // Shared caches keep away from Authorization, but know nothing of X-API-Key (RFC 9111 §3.5). A handler may say more.
      'cache-control': 'private, no-cache',
    });
    this.authorize(principal, access);
    countSuccess(principal.via.method);
  }

  /** A staged rollout lets through what would be refused, but never what is for admins or wants the person's own token. */
  private onlyLogs(access: Access): boolean {
    return this.options.mode === 'log' && access.roles.length === 0 && !access.revalidate;
  }

  private letThrough(context: ExecutionContext, error: Error): void {
    const request = context.switchToHttp().getRequest<IncomingRequest & { readonly id?: unknown }>();
    keepRefusal(request, error);
    countLetThrough(error);
    this.logger.warn(`AUTH_MODE=log: let through request ${String(request.id)}: ${error.message}`);
  }

  /** @throws {Problem} Forbidden, InsufficientScope */
  private authorize({ roles, scopes }: Principal, access: Access): void {
    if (access.roles.length > 0 && !access.roles.some((role) => roles.includes(role)))
      throw Forbidden({ roles: access.roles });
    if (!access.scopes.every((scope) => hasScope(scopes, scope)))
      throw InsufficientScope({ scopes: access.scopes, realm: this.options.realm });
  }
}
