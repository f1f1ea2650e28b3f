import { Controller, Delete, Get, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
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
import { type Origin, RequestOrigin } from '../audit/index.js';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { NO_STORE, UuidParam } from '#service';
import { showEnd, toConsumerDto } from './consumer-answer.js';
import { ConsumerDto, ConsumerListQuery, ConsumerPageDto, PendingEndDto } from './consumers.dto.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { ConsumerNotFound, NotAClient } from './consumers.problems.js';
import { ConsumersService } from './consumers.service.js';
import { showClient } from './registration.http.js';
import { RegisteredDto } from './registration.dto.js';

@ApiTags('admin')
@ApiBearerAuth('session')
@Controller('consumers')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class ConsumersController {
  constructor(
    private readonly consumers: ConsumersService,
    @Inject(CONSUMERS_OPTIONS) private readonly options: ConsumersOptions,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Consumers that should be in Kong, newest first, and whether they are',
    operationId: 'listConsumers',
  })
  @ApiOkResponse({ type: ConsumerPageDto })
  async list(@Query() { origin, cursor, limit }: ConsumerListQuery): Promise<ConsumerPageDto> {
    const { items, nextCursor } = await this.consumers.list({ origin, cursor, limit });
    return { items: items.map(toConsumerDto), next_cursor: nextCursor ?? null };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One consumer', operationId: 'getConsumer' })
  @ApiOkResponse({ type: ConsumerDto })
  @ApiProblems(ConsumerNotFound)
  async get(@UuidParam('id') id: string): Promise<ConsumerDto> {
    return toConsumerDto(await this.consumers.get(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a registered client and its key', operationId: 'deleteConsumer' })
  @ApiNoContentResponse({ description: 'The gateway has confirmed it, or there is none.' })
  @ApiAcceptedResponse({
    type: PendingEndDto,
    description:
      'Ended; a gateway that does not answer hears of it first when it is back. Until then its key works.',
  })
  @ApiProblems(ConsumerNotFound, NotAClient)
  async delete(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { id: userId }: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PendingEndDto | undefined> {
    return showEnd(reply, await this.consumers.delete({ userId, origin }, id));
  }

  @Post(':id/keys')
  @ApiOperation({
    summary: 'A new key for a registered client; the old one ends',
    operationId: 'replaceConsumerKey',
  })
  @ApiCreatedResponse({
    type: RegisteredDto,
    headers: NO_STORE,
    description: 'The new key works, the old one ended.',
  })
  @ApiAcceptedResponse({
    type: RegisteredDto,
    headers: NO_STORE,
    description: 'Both happen as soon as the gateway, which does not answer at the moment, is back.',
  })
  @ApiProblems(ConsumerNotFound, NotAClient)
  async replaceKey(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { id: userId }: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisteredDto> {
    return showClient(reply, await this.consumers.replaceKey({ userId, origin }, id), this.options);
  }
}
