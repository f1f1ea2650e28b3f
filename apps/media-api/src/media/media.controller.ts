import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal, Scopes } from '#principal';
import { ApiProblems } from '#problem';
import { LOCATION, UuidParam } from '#service';
import { StoreFull, StoreUnavailable } from '../store/index.js';
import { type ConditionHeaders, outcomeOf } from './conditions.js';
import { contentHeaders, validatorHeaders, validatorsOf } from './delivery.js';
import { MediaDto, MediaListQuery, MediaPageDto, toMediaDto, UploadQuery } from './media.dto.js';
import { CONTENT, CONTENT_HEADERS, RANGE_HEADERS, UPLOAD_BODY, VALIDATORS } from './media.openapi.js';
import {
  MediaNotFound,
  MediaTooLarge,
  PreconditionFailed,
  QuotaReached,
  RangeNotSatisfiable,
  TypeMismatch,
  TypeNotAllowed,
} from './media.problems.js';
import { MediaService } from './media.service.js';
import { rangeOf } from './range.js';
import { UploadsService } from './uploads.service.js';

/** A principal's own files; of a key, `media` is needed to change them and `media:read` to read them. */
@ApiTags('media')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@Controller('media')
export class MediaController {
  constructor(
    private readonly media: MediaService,
    private readonly uploads: UploadsService,
  ) {}

  @Post()
  @Scopes('media')
  @ApiOperation({
    summary: 'Store a file',
    description:
      'Its name, if it shall have one, is given in the query, in Content-Disposition or in the form.',
    operationId: 'uploadMedia',
    requestBody: UPLOAD_BODY,
  })
  @ApiCreatedResponse({ type: MediaDto, headers: LOCATION })
  @ApiProblems(QuotaReached, MediaTooLarge, TypeNotAllowed, TypeMismatch, StoreFull, StoreUnavailable)
  async upload(
    @Query() { filename }: UploadQuery,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MediaDto> {
    const object = await this.uploads.upload(principal, request, filename);
    // Relative, so that it is right below /media and below /apis/media/ (RFC 9110 §10.2.2).
    void reply.header('location', `media/${object.id}`);
    return toMediaDto(object);
  }

  @Get()
  @Scopes('media:read')
  @ApiOperation({ summary: 'List my files, newest first', operationId: 'listMedia' })
  @ApiOkResponse({ type: MediaPageDto })
  @ApiProblems(StoreUnavailable)
  async list(@Query() query: MediaListQuery, @CurrentPrincipal() { id }: Principal): Promise<MediaPageDto> {
    const { items, nextCursor } = await this.media.list(id, query);
    return { items: items.map(toMediaDto), next_cursor: nextCursor ?? null };
  }

  @Get(':id/metadata')
  @Scopes('media:read')
  @ApiOperation({ summary: 'What is known of a file', operationId: 'getMediaMetadata' })
  @ApiOkResponse({ type: MediaDto })
  @ApiProblems(MediaNotFound, StoreUnavailable)
  async metadata(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<MediaDto> {
    return toMediaDto(await this.media.get(principal.id, id));
  }

  @Get(':id')
  @Scopes('media:read')
  @ApiOperation({
    summary: 'Fetch a file, or a range of it',
    description:
      'HEAD answers the same without the content. One range of bytes at a time; several asked for at once get the whole. ' +
      'If-None-Match, If-Modified-Since, If-Match, If-Unmodified-Since and If-Range work as RFC 9110 §13 has it.',
    operationId: 'fetchMedia',
  })
  @ApiOkResponse({ description: 'The whole file.', content: CONTENT, headers: CONTENT_HEADERS })
  @ApiResponse({ status: 206, description: 'The range.', content: CONTENT, headers: RANGE_HEADERS })
  @ApiResponse({ status: 304, description: 'It is what you have.', headers: VALIDATORS })
  @ApiProblems(MediaNotFound, PreconditionFailed, RangeNotSatisfiable, StoreUnavailable)
  async fetch(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Req() { method, headers }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const object = await this.media.get(principal.id, id);
    const outcome = outcomeOf(headers as ConditionHeaders, validatorsOf(object));
    if (outcome === 'failed') throw PreconditionFailed();
    if (outcome === 'not-modified') return void reply.code(304).headers(validatorHeaders(object)).send();
    // Ranges are defined for GET alone (RFC 9110 §14.2). The empty stream keeps Fastify from saying there are 0 bytes.
    if (method === 'HEAD') return void reply.headers(contentHeaders(object)).send(Readable.from([]));
    const range = outcome === 'serve-range' ? rangeOf(headers.range, object.bytes) : undefined;
    if (range === 'none') throw RangeNotSatisfiable({ bytes: object.bytes });
    const content = await this.media.open(principal.id, object, range);
    void reply.code(range === undefined ? 200 : 206);
    void reply.headers(contentHeaders(object, range)).send(content);
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('media')
  @ApiOperation({ summary: 'Delete a file', operationId: 'deleteMedia' })
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiProblems(MediaNotFound, StoreUnavailable)
  async delete(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.media.delete(principal.id, id);
  }
}
