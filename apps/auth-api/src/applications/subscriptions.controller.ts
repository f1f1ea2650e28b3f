import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { LOCATION, NO_STORE, UuidParam } from '#service';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { toCredentialsDto, toSubscriptionDto } from './answers.js';
import { PendingDeletionDto } from './applications.dto.js';
import { ApplicationIdParam } from './applications.fields.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import {
  ApplicationNotFound,
  NoCredentials,
  OwnerOnly,
  RedirectUriNeeded,
  SubscribedAlready,
  SubscriptionNotFound,
} from './applications.problems.js';
import { askerOf } from './asker.js';
import {
  CreateSubscriptionDto,
  CredentialsDto,
  DecidedSubscriptionDto,
  RefuseSubscriptionDto,
  SubscriptionDto,
  SubscriptionListDto,
} from './subscriptions.dto.js';
import { type DecidedSubscription, SubscriptionsService } from './subscriptions.service.js';

@ApiTags('applications')
@ApiBearerAuth('session')
@Controller('applications/:id/subscriptions')
@RevalidateToken()
export class SubscriptionsController {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Subscribe to an API', operationId: 'createSubscription' })
  @ApiCreatedResponse({
    type: DecidedSubscriptionDto,
    headers: { ...NO_STORE, ...LOCATION },
    description: 'It works.',
  })
  @ApiAcceptedResponse({
    type: DecidedSubscriptionDto,
    headers: { ...NO_STORE, ...LOCATION },
    description: 'It will work when an administrator has approved it, or the gateway has heard of it.',
  })
  @ApiProblems(ApplicationNotFound, SubscribedAlready, RedirectUriNeeded)
  async create(
    @ApplicationIdParam() id: string,
    @Body() wish: CreateSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecidedSubscriptionDto> {
    const { api, auth, plan } = wish;
    const made = await this.subscriptions.create(askerOf(principal, origin), id, { api, auth, plan });
    void reply
      .code(made.active ? 201 : 202)
      .header('location', `/applications/${id}/subscriptions/${made.row.id}`);
    return this.show(reply, made);
  }

  @Get()
  @ApiOperation({ summary: 'List the subscriptions of an application', operationId: 'listSubscriptions' })
  @ApiOkResponse({ type: SubscriptionListDto })
  @ApiProblems(ApplicationNotFound)
  async list(
    @ApplicationIdParam() id: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<SubscriptionListDto> {
    const items = await this.subscriptions.list(askerOf(principal, origin), id);
    return { items: items.map(toSubscriptionDto) };
  }

  @Get(':sid')
  @ApiOperation({ summary: 'One subscription', operationId: 'getSubscription' })
  @ApiOkResponse({ type: SubscriptionDto })
  @ApiProblems(ApplicationNotFound, SubscriptionNotFound)
  async get(
    @ApplicationIdParam() id: string,
    @UuidParam('sid') sid: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<SubscriptionDto> {
    return toSubscriptionDto(await this.subscriptions.get(askerOf(principal, origin), id, sid));
  }

  @Get(':sid/credentials')
  @ApiOperation({
    summary: 'The key or client secret of a subscription; reading it is on record',
    operationId: 'readCredentials',
  })
  @ApiOkResponse({ type: CredentialsDto, headers: NO_STORE })
  @ApiProblems(OwnerOnly, ApplicationNotFound, SubscriptionNotFound, NoCredentials)
  async credentials(
    @ApplicationIdParam() id: string,
    @UuidParam('sid') sid: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CredentialsDto> {
    const { row, credential } = await this.subscriptions.credential(askerOf(principal, origin), id, sid);
    void reply.header('cache-control', 'no-store');
    return toCredentialsDto(credential, row.api, this.options.publicUrl);
  }

  @Post(':sid/approve')
  @HttpCode(200)
  @Roles('admin')
  @ApiOperation({ summary: 'Approve a subscription; repeatable', operationId: 'approveSubscription' })
  @ApiOkResponse({ type: DecidedSubscriptionDto, headers: NO_STORE, description: 'It works.' })
  @ApiAcceptedResponse({
    type: DecidedSubscriptionDto,
    headers: NO_STORE,
    description: 'Approved; the gateway hears of it later.',
  })
  @ApiProblems(Forbidden, ApplicationNotFound, SubscriptionNotFound)
  async approve(
    @ApplicationIdParam() id: string,
    @UuidParam('sid') sid: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecidedSubscriptionDto> {
    const asker = askerOf(principal, origin);
    const decided = await this.subscriptions.decide(asker, id, sid, { decision: 'approved' });
    void reply.code(decided.settled ? 200 : 202);
    return this.show(reply, decided);
  }

  @Post(':sid/refuse')
  @HttpCode(200)
  @Roles('admin')
  @ApiOperation({
    summary: 'Refuse a subscription, also one that was approved; repeatable',
    operationId: 'refuseSubscription',
  })
  @ApiBody({ type: RefuseSubscriptionDto, required: false })
  @ApiOkResponse({ type: SubscriptionDto, description: 'It does not work.' })
  @ApiAcceptedResponse({
    type: SubscriptionDto,
    description: 'Refused; it works until the gateway hears of it.',
  })
  @ApiProblems(Forbidden, ApplicationNotFound, SubscriptionNotFound)
  async refuse(
    @ApplicationIdParam() id: string,
    @UuidParam('sid') sid: string,
    @Body() { reason }: RefuseSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SubscriptionDto> {
    const asker = askerOf(principal, origin);
    const decided = await this.subscriptions.decide(asker, id, sid, { decision: 'refused', reason });
    void reply.code(decided.settled ? 200 : 202);
    return toSubscriptionDto(decided);
  }

  @Delete(':sid')
  @HttpCode(204)
  @ApiOperation({
    summary: 'End a subscription, with its credential or its end users',
    operationId: 'deleteSubscription',
  })
  @ApiNoContentResponse({ description: 'The gateway has nothing of it any more.' })
  @ApiAcceptedResponse({ type: PendingDeletionDto, description: 'Deleted; the gateway hears of it later.' })
  @ApiProblems(ApplicationNotFound, SubscriptionNotFound)
  async delete(
    @ApplicationIdParam() id: string,
    @UuidParam('sid') sid: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PendingDeletionDto | undefined> {
    const pending = await this.subscriptions.delete(askerOf(principal, origin), id, sid);
    if (pending === 0) return undefined;
    void reply.code(202);
    return { status: 'deleted', pending_consumers: pending };
  }

  private show(reply: FastifyReply, decided: DecidedSubscription): DecidedSubscriptionDto {
    const { row, credential } = decided;
    void reply.header('cache-control', 'no-store');
    return {
      ...toSubscriptionDto(decided),
      credentials: credential ? toCredentialsDto(credential, row.api, this.options.publicUrl) : null,
    };
  }
}
