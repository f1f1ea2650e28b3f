import { Controller, Get, HttpCode, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public, RealmKeys } from '#principal';
import { ApiProblems } from '#problem';
import { AliveDto, AuthHealthDto, KeysHealthDto, ReadinessDto } from './health.dto.js';
import { HEALTH_OPTIONS, type HealthOptions } from './health.options.js';
import { NotReady } from './health.problems.js';

/** For probes: is the process alive, can it serve, does it know who is calling. */
@ApiTags('health')
@Controller()
@Public()
export class HealthController {
  constructor(
    @Inject(HEALTH_OPTIONS) private readonly options: HealthOptions,
    private readonly realmKeys: RealmKeys,
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
  @ApiOperation({
    summary: 'Can serve: realm keys known, database there where it has one',
    operationId: 'ready',
  })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiProblems(NotReady)
  async ready(): Promise<ReadinessDto> {
    const [databaseUp, keycloakUp] = await Promise.all([
      this.options.database?.(),
      this.realmKeys.realmAnswers(),
    ]);
    const keys = this.keys();
    const missing = [
      ...(databaseUp === false ? ['the database is down'] : []),
      ...(keys.loaded ? [] : ['no realm keys yet']),
    ];
    const database = databaseUp === undefined ? {} : { database: upOrDown(databaseUp) };
    const checks = { ...database, keycloak: upOrDown(keycloakUp), keys };
    if (missing.length > 0) throw NotReady({ checks, what: missing.join(', ') });
    return { status: keycloakUp ? 'ok' : 'degraded', ...checks };
  }

  @Get('health/auth')
  @ApiOperation({ summary: 'Realm keys loaded, Keycloak reachable, guard active', operationId: 'authHealth' })
  @ApiOkResponse({ type: AuthHealthDto })
  @ApiProblems(NotReady)
  async auth(): Promise<AuthHealthDto> {
    const [keycloakUp, guard] = await Promise.all([this.realmKeys.realmAnswers(), this.guard()]);
    const keys = this.keys();
    const missing = [
      ...(keys.loaded ? [] : ['no realm keys yet']),
      ...(keycloakUp ? [] : ['Keycloak does not answer']),
      ...(guard === 'inactive' ? ['the guard lets strangers in'] : []),
    ];
    const checks = { keycloak: upOrDown(keycloakUp), keys, guard } as const;
    if (missing.length > 0) throw NotReady({ checks, what: missing.join(', ') });
    return { status: 'ok', ...checks };
  }

  private keys(): KeysHealthDto {
    const { loaded, ageMs } = this.realmKeys.status();
    return { loaded, age_seconds: loaded && ageMs !== undefined ? Math.round(ageMs / 1000) : null };
  }

  /** Asks a protected endpoint without credentials, through the whole stack but the socket. */
  private async guard(): Promise<AuthHealthDto['guard']> {
    const { closedPath: url, mode } = this.options;
    if (mode === 'log') return 'logging';
    const answer = await this.http.httpAdapter.getInstance().inject({ method: 'GET', url });
    return answer.statusCode === 401 ? 'active' : 'inactive';
  }
}

function upOrDown(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
