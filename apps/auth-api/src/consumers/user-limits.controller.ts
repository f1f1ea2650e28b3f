import { Body, Controller, Delete, Get, HttpCode, Put, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems, NotFound, ValidationFailed } from '#problem';
import { UuidParam } from '#service';
import { showEnd, toAppliedDto, toLimitsDto } from './consumer-answer.js';
import { PendingEndDto } from './consumers.dto.js';
import { SetUserLimitsDto, UserLimitsDto } from './user-limits.dto.js';
import { limitsFault } from './user-limits.js';
import { UserLimitsService } from './user-limits.service.js';

@ApiTags('admin')
@ApiBearerAuth('session')
@Controller('admin/users/:id/limits')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden, NotFound)
export class UserLimitsController {
  constructor(private readonly limits: UserLimitsService) {}

  @Get()
  @ApiOperation({ summary: "One person's own limits, if he has any", operationId: 'getUserLimits' })
  @ApiOkResponse({ type: UserLimitsDto })
  async get(@UuidParam('id') userId: string): Promise<UserLimitsDto> {
    return this.answer(userId);
  }

  @Put()
  @ApiOperation({
    summary: "Give one person limits of his own, in the place of his tier's; none: take them away",
    operationId: 'setUserLimits',
  })
  @ApiBody({ type: SetUserLimitsDto, required: false })
  @ApiOkResponse({ type: UserLimitsDto })
  async set(
    @UuidParam('id') userId: string,
    @Body() { per_minute: minute, per_hour: hour }: SetUserLimitsDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<UserLimitsDto> {
    const administrator = { userId: principal.id, origin };
    const fault = limitsFault({ minute, hour });
    if (fault !== undefined) throw ValidationFailed({ errors: [fault] });
    if (minute === undefined && hour === undefined) await this.limits.remove(administrator, userId);
    else await this.limits.set(administrator, userId, { minute, hour });
    return this.answer(userId);
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: "Take one person's own limits away; repeatable", operationId: 'removeUserLimits' })
  @ApiNoContentResponse({ description: "His tier's limits count again at the gateway, or there is none." })
  @ApiAcceptedResponse({
    type: PendingEndDto,
    description: 'They count again as soon as the gateway, which does not answer at the moment, is back.',
  })
  async remove(
    @UuidParam('id') userId: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PendingEndDto | undefined> {
    return showEnd(reply, await this.limits.remove({ userId: principal.id, origin }, userId));
  }

  private async answer(userId: string): Promise<UserLimitsDto> {
    const row = await this.limits.find(userId);
    const limits = row?.removedAt === null ? (row.limits ?? {}) : {};
    const applied =
      row === undefined ? { active: true, pending_since: null, failure: null } : toAppliedDto(row);
    return { user_id: userId, ...toLimitsDto(limits), ...applied };
  }
}
