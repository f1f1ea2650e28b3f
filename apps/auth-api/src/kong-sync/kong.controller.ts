import { Controller, Get, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { isEmpty, KongNodes, KongRefused, KongUnreachable, type Plan, summary } from '#kong-admin';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { KongStatusDto, PlanDto, PlanQuery, SyncQuery } from './kong.dto.js';
import { KongUnavailable, NoKong } from './kong.problems.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { KongSync } from './kong-sync.service.js';
import { type Status, SyncStatus } from './sync-status.service.js';

@ApiTags('kong')
@ApiBearerAuth('session')
@Controller('kong')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class KongController {
  constructor(
    private readonly sync: KongSync,
    private readonly status: SyncStatus,
    private readonly nodes: KongNodes,
    @Inject(KONG_SYNC_OPTIONS) private readonly options: KongSyncOptions,
  ) {}

  @Get('status')
  @ApiOperation({
    summary: 'Whether Kong is what it should be, and what waits',
    operationId: 'getKongStatus',
  })
  @ApiOkResponse({ type: KongStatusDto })
  async read(): Promise<KongStatusDto> {
    return statusDto(await this.status.read(), this.options.mode, this.nodes.urls.length);
  }

  @Get('plan')
  @ApiOperation({ summary: 'What would be done now; nothing is written', operationId: 'getKongPlan' })
  @ApiOkResponse({ type: PlanDto })
  @ApiProblems(KongUnavailable, NoKong)
  async plan(@Query() { limit }: PlanQuery): Promise<PlanDto> {
    if (!this.sync.hasKong) throw NoKong();
    try {
      return planDto(await this.sync.plan(), limit);
    } catch (error) {
      if (error instanceof KongRefused || error instanceof KongUnreachable)
        throw KongUnavailable({ failure: error.message }, { cause: error });
      throw error;
    }
  }

  @Post('sync')
  @HttpCode(200)
  @ApiOperation({ summary: 'Compare Kong as a whole and make it so, now', operationId: 'syncKong' })
  @ApiOkResponse({ type: KongStatusDto, description: 'Done; the status says what came of it.' })
  @ApiAcceptedResponse({ type: KongStatusDto, description: 'Asked for, and not done yet.' })
  @ApiProblems(NoKong)
  async syncNow(
    @Query() { force }: SyncQuery,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KongStatusDto> {
    if (!this.sync.hasKong) throw NoKong();
    if (!(await this.status.compareNow(force, { actor: principal.id, origin }))) reply.status(202);
    return this.read();
  }
}

function planDto(plan: Plan, limit: number): PlanDto {
  const steps = plan.levels.flatMap((level) => level.steps);
  return {
    in_sync: isEmpty(plan),
    summary: summary(plan),
    held: plan.held ?? null,
    unchanged: plan.unchanged,
    steps_total: steps.length,
    steps: steps.slice(0, limit).map(({ operation, kind, id, subject, changes }) => ({
      operation,
      kind,
      id,
      subject,
      changes: changes.map(({ field, from, to }) => ({ field, from, to })),
    })),
    blocked: plan.blocked.map(({ subject, why }) => ({ subject, why })),
  };
}

function statusDto({ state, backlog, refused }: Status, mode: 'db' | 'dbless', nodes: number): KongStatusDto {
  return {
    in_sync: state.inSync && backlog.waiting === 0,
    since: state.changedAt.toISOString(),
    mode,
    nodes,
    waiting: backlog.waiting,
    lag_seconds: Math.round(backlog.oldestSeconds * 1000) / 1000,
    progress: state.done === null ? null : { done: state.done, total: state.total },
    compared_at: state.reconciledAt?.toISOString() ?? null,
    drift: state.drift,
    held: state.held,
    failure: state.failure,
    blocked: state.blocked,
    refused: refused.map(({ id, username, failure, attempts }) => ({
      consumer_id: id,
      username,
      failure,
      attempts,
    })),
  };
}
