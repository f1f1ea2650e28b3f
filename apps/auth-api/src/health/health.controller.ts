import { Controller, Get, HttpCode } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SignInIndicator } from '../auth/index.js';
import { Public } from '#principal';
import { ApiProblems } from '#problem';
import { Database } from '#storage';
import { AliveDto, AuthHealthDto, ReadinessDto } from './health.dto.js';
import { NotReady } from './health.problems.js';

/** For probes: is the process alive, can it serve, does signing in work. */
@ApiTags('health')
@Controller()
@Public()
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly signIn: SignInIndicator,
    private readonly http: HttpAdapterHost<FastifyAdapter>,
  ) {}

  @Get('healthz')
  @HttpCode(200)
  @ApiOperation({ summary: 'Alive', operationId: 'alive' })
  @ApiOkResponse({ type: AliveDto })
  alive(): AliveDto {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Can serve: database there, realm keys known', operationId: 'ready' })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiProblems(NotReady)
  async ready(): Promise<ReadinessDto> {
    const [databaseUp, { keys, keycloak }] = await Promise.all([
      this.database.answers(),
      this.signIn.check(),
    ]);
    const database = databaseUp ? 'up' : 'down';
    const missing = [
      ...(databaseUp ? [] : ['the database is down']),
      ...(keys.loaded ? [] : ['no realm keys yet']),
    ];
    const checks = { database, keycloak, keys } as const;
    if (missing.length > 0) throw NotReady({ checks, what: missing.join(', ') });
    return { status: keycloak === 'up' ? 'ok' : 'degraded', ...checks };
  }

  @Get('health/auth')
  @ApiOperation({ summary: 'Realm keys loaded, Keycloak reachable, guard active', operationId: 'authHealth' })
  @ApiOkResponse({ type: AuthHealthDto })
  @ApiProblems(NotReady)
  async auth(): Promise<AuthHealthDto> {
    const [{ keys, keycloak }, guarded] = await Promise.all([this.signIn.check(), this.refusesStrangers()]);
    const guard = guarded ? 'active' : 'inactive';
    const missing = [
      ...(keys.loaded ? [] : ['no realm keys yet']),
      ...(keycloak === 'up' ? [] : ['Keycloak does not answer']),
      ...(guarded ? [] : ['the guard lets strangers in']),
    ];
    const checks = { keycloak, keys, guard } as const;
    if (missing.length > 0) throw NotReady({ checks, what: missing.join(', ') });
    return { status: 'ok', ...checks };
  }

  /** Asks a protected endpoint without credentials, through the whole stack but the socket. */
  private async refusesStrangers(): Promise<boolean> {
    const answer = await this.http.httpAdapter.getInstance().inject({ method: 'GET', url: '/auth/me' });
    return answer.statusCode === 401;
  }
}
