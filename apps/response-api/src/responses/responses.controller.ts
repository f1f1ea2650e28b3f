import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { openAiError } from '#openai';
import { CurrentPrincipal, InsufficientScope, type Principal, Scopes } from '#principal';
import { ApiProblems } from '#problem';
import { onBehalfOf, parseBody, sendEvents, ServiceUnreachable } from '#service';
import { StorageUnavailable } from '#storage';
import { LOGGER } from '#telemetry';
import { type KeptResponse, type PublicResponse, publicResponse } from './response.js';
import { ResponseEvents } from './response-events.js';
import { RESPONSE_REQUEST } from './response-request.js';
import { DELETED_ANSWER, KEPT_ANSWER, RESPONSE_ANSWER, RESPONSE_BODY } from './responses.openapi.js';
import {
  ConversationTooLong,
  ModelUnavailable,
  REFUSALS,
  ResponseLimitReached,
  ResponseNotFound,
} from './responses.problems.js';
import { ResponsesService } from './responses.service.js';

/** Served under /responses as well. Everybody sees his own, whatever he used to sign in. */
@ApiTags('responses')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@Controller('v1/responses')
export class ResponsesController {
  constructor(
    private readonly responses: ResponsesService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @HttpCode(200)
  @Scopes('responses')
  @ApiOperation({
    summary: 'A response of a model, kept unless store is false',
    description: 'A key needs the scope `llm` as well: the chat behind it is asked for in its name.',
    operationId: 'createResponse',
  })
  @ApiBody(RESPONSE_BODY)
  @ApiOkResponse(RESPONSE_ANSWER)
  @ApiProblems(
    InsufficientScope,
    ResponseNotFound,
    ResponseLimitReached,
    ConversationTooLong,
    ...Object.values(REFUSALS),
    ModelUnavailable,
    ServiceUnreachable,
    StorageUnavailable,
  )
  async create(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const request = parseBody(RESPONSE_REQUEST, body);
    const draft = await this.responses.draft(request, onBehalfOf(principal, reply));
    if (request.stream !== true) return reply.send(publicResponse(await this.responses.complete(draft)));
    const texts = this.responses.stream(draft);
    // What goes wrong before the first word is still an answer with a status of its own.
    const first = await texts.next();
    const events = new ResponseEvents(draft.head, draft.chat.model);
    return sendEvents(reply, told(events, first, texts), {
      logger: this.logger,
      lastWord: (problem) => events.fail(openAiError(problem)),
    });
  }

  @Get(':id')
  @Scopes('responses:read')
  @ApiOperation({ summary: 'One of my responses', operationId: 'getResponse' })
  @ApiParam({ name: 'id' })
  @ApiOkResponse(KEPT_ANSWER)
  @ApiProblems(ResponseNotFound, StorageUnavailable)
  async get(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<PublicResponse> {
    return publicResponse(await this.responses.get(principal.id, id));
  }

  @Delete(':id')
  @Scopes('responses')
  @ApiOperation({ summary: 'Delete one of my responses', operationId: 'deleteResponse' })
  @ApiParam({ name: 'id' })
  @ApiOkResponse(DELETED_ANSWER)
  @ApiProblems(ResponseNotFound, StorageUnavailable)
  async delete(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<object> {
    await this.responses.delete(principal.id, id);
    return { id, object: 'response', deleted: true };
  }
}

async function* told(
  events: ResponseEvents,
  first: IteratorResult<string, KeptResponse>,
  texts: AsyncGenerator<string, KeptResponse>,
): AsyncGenerator<string, void> {
  yield events.begin();
  let next = first;
  for (; !next.done; next = await texts.next()) yield events.more(next.value);
  yield events.end(next.value);
}
