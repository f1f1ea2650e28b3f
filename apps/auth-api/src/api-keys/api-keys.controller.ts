import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { GuestMayNot } from '../users/index.js';
import { CurrentPrincipal, type Principal, Scopes } from '#principal';
import { ApiProblems } from '#problem';
import { LOCATION, NO_STORE, UuidParam } from '#service';
import {
  CreatedKeyDto,
  CreateKeyDto,
  KeyDto,
  KeyListQuery,
  KeyPageDto,
  PendingRevocationDto,
  RenameKeyDto,
  RotateKeyDto,
} from './api-keys.dto.js';
import { KeyEnded, KeyLimitReached, KeyNotFound, ScopeNotYours, TierNotYours } from './api-keys.problems.js';
import { ApiKeysService, type CreatedKey } from './api-keys.service.js';
import { toKeyDto } from './key-answer.js';
import { KeyRequests } from './key-request.service.js';

const DEFAULT_OVERLAP_SECONDS = 86_400;

/** A session may always manage one's own keys, a key only if it was made for that (scope `keys`). */
@ApiTags('api keys')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@Controller('auth/api-keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly requests: KeyRequests,
  ) {}

  @Post()
  @Scopes('keys')
  @ApiOperation({ summary: 'Create a key; it is shown this once', operationId: 'createApiKey' })
  @ApiCreatedResponse({ type: CreatedKeyDto, headers: { ...NO_STORE, ...LOCATION } })
  @ApiProblems(GuestMayNot, ScopeNotYours, TierNotYours, KeyLimitReached)
  async create(
    @Body() body: CreateKeyDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedKeyDto> {
    const owner = await this.requests.owner(principal);
    const request = this.requests.check(body, principal, owner);
    return showOnce(reply, await this.keys.create({ userId: owner.id, origin }, request));
  }

  @Get()
  @Scopes('keys:read')
  @ApiOperation({ summary: 'List my keys, newest first', operationId: 'listApiKeys' })
  @ApiOkResponse({ type: KeyPageDto })
  async list(
    @Query() { cursor, limit }: KeyListQuery,
    @CurrentPrincipal() { id }: Principal,
  ): Promise<KeyPageDto> {
    const page = await this.keys.list(id, { cursor, limit });
    const now = new Date();
    return { items: page.items.map((row) => toKeyDto(row, now)), next_cursor: page.nextCursor ?? null };
  }

  @Get(':id')
  @Scopes('keys:read')
  @ApiOperation({ summary: 'One of my keys', operationId: 'getApiKey' })
  @ApiOkResponse({ type: KeyDto })
  @ApiProblems(KeyNotFound)
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<KeyDto> {
    return toKeyDto(await this.keys.get(principal.id, id), new Date());
  }

  @Patch(':id')
  @Scopes('keys')
  @ApiOperation({ summary: 'Rename one of my keys', operationId: 'renameApiKey' })
  @ApiOkResponse({ type: KeyDto })
  @ApiProblems(KeyNotFound)
  async rename(
    @UuidParam('id') id: string,
    @Body() { name }: RenameKeyDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<KeyDto> {
    return toKeyDto(await this.keys.rename({ userId: principal.id, origin }, id, name), new Date());
  }

  @Post(':id/rotate')
  @Scopes('keys')
  @ApiOperation({ summary: 'Replace a key; the old one works on for a while', operationId: 'rotateApiKey' })
  @ApiBody({ type: RotateKeyDto, required: false })
  @ApiCreatedResponse({ type: CreatedKeyDto, headers: { ...NO_STORE, ...LOCATION } })
  @ApiProblems(KeyNotFound, KeyEnded, KeyLimitReached, ScopeNotYours, TierNotYours)
  async rotate(
    @UuidParam('id') id: string,
    @Body() { overlap_seconds: overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateKeyDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedKeyDto> {
    const { scopes, tier } = await this.keys.get(principal.id, id);
    const owner = await this.requests.owner(principal);
    this.requests.assertMayGive({ scopes, tier: tier ?? undefined }, principal, owner);
    return showOnce(reply, await this.keys.rotate({ userId: principal.id, origin }, id, overlapSeconds));
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('keys')
  @ApiOperation({ summary: 'Revoke a key, everywhere and at once; repeatable', operationId: 'revokeApiKey' })
  @ApiNoContentResponse({ description: 'Every gateway node has confirmed it.' })
  @ApiAcceptedResponse({
    type: PendingRevocationDto,
    description: 'Revoked; some gateway nodes hear of it later.',
  })
  @ApiProblems(KeyNotFound)
  async revoke(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PendingRevocationDto | undefined> {
    const pending = await this.keys.revoke({ userId: principal.id, origin }, id);
    if (pending === 0) return undefined;
    void reply.code(202);
    return { status: 'revoked', pending_nodes: pending };
  }
}

function showOnce(reply: FastifyReply, { row, key }: CreatedKey): CreatedKeyDto {
  void reply.headers({ 'cache-control': 'no-store', location: `/auth/api-keys/${row.id}` });
  return { ...toKeyDto(row, new Date()), key };
}
