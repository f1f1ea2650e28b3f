import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, type Principal, RevalidateToken } from '#principal';
import { ApiProblems, NotFound, ValidationFailed } from '#problem';
import { LOCATION } from '#service';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { GuestMayNot } from '../users/index.js';
import { toApplicationDto } from './answers.js';
import {
  ApplicationDto,
  ApplicationListQuery,
  ApplicationPageDto,
  ChangeApplicationDto,
  CreateApplicationDto,
  PendingDeletionDto,
} from './applications.dto.js';
import { ApplicationIdParam } from './applications.fields.js';
import { ApplicationIdTaken, ApplicationLimitReached, ApplicationNotFound } from './applications.problems.js';
import { ApplicationsService } from './applications.service.js';
import { askerOf } from './asker.js';

const nothingToChange = () =>
  ValidationFailed({ errors: [{ field: 'body', detail: 'must name what to change: name or redirect_uri' }] });

/** For a person in his session: an API key must not make other ways in. An administrator sees and changes all. */
@ApiTags('applications')
@ApiBearerAuth('session')
@Controller('applications')
@RevalidateToken()
export class ApplicationsController {
  constructor(private readonly applications: ApplicationsService) {}

  @Post()
  @ApiOperation({ summary: 'Register an application', operationId: 'createApplication' })
  @ApiCreatedResponse({ type: ApplicationDto, headers: LOCATION })
  @ApiProblems(GuestMayNot, NotFound, ApplicationIdTaken, ApplicationLimitReached)
  async create(
    @Body() { id, name, redirect_uri: redirectUri }: CreateApplicationDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationDto> {
    const created = await this.applications.create(askerOf(principal, origin), {
      id,
      name,
      redirectUri: redirectUri ?? null,
    });
    void reply.header('location', `/applications/${id}`);
    return toApplicationDto(created);
  }

  @Get()
  @ApiOperation({
    summary: 'List my applications, by id; for an administrator those of all people',
    operationId: 'listApplications',
  })
  @ApiOkResponse({ type: ApplicationPageDto })
  async list(
    @Query() { cursor, limit, subscription_status: subscriptionStatus }: ApplicationListQuery,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<ApplicationPageDto> {
    const query = { cursor, limit, subscriptionStatus };
    const page = await this.applications.page(askerOf(principal, origin), query);
    return { items: page.items.map(toApplicationDto), next_cursor: page.nextCursor ?? null };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One of my applications', operationId: 'getApplication' })
  @ApiOkResponse({ type: ApplicationDto })
  @ApiProblems(ApplicationNotFound)
  async get(
    @ApplicationIdParam() id: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<ApplicationDto> {
    return toApplicationDto(await this.applications.get(askerOf(principal, origin), id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change its name or redirect URI; its OAuth clients keep client_id and client_secret',
    operationId: 'changeApplication',
  })
  @ApiOkResponse({ type: ApplicationDto, description: 'The gateway has it so.' })
  @ApiAcceptedResponse({ type: ApplicationDto, description: 'Changed; the gateway hears of it later.' })
  @ApiProblems(ApplicationNotFound)
  async change(
    @ApplicationIdParam() id: string,
    @Body() { name, redirect_uri: redirectUri }: ChangeApplicationDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApplicationDto> {
    if (name === undefined && redirectUri === undefined) throw nothingToChange();
    const changed = await this.applications.change(askerOf(principal, origin), id, { name, redirectUri });
    void reply.code(changed.active ? 200 : 202);
    return toApplicationDto(changed);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete an application with its subscriptions and end users',
    operationId: 'deleteApplication',
  })
  @ApiNoContentResponse({ description: 'The gateway has nothing of it any more.' })
  @ApiAcceptedResponse({
    type: PendingDeletionDto,
    description: 'Deleted; the gateway hears of it later.',
  })
  @ApiProblems(ApplicationNotFound)
  async delete(
    @ApplicationIdParam() id: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PendingDeletionDto | undefined> {
    const pending = await this.applications.delete(askerOf(principal, origin), id);
    if (pending === 0) return undefined;
    void reply.code(202);
    return { status: 'deleted', pending_consumers: pending };
  }
}
