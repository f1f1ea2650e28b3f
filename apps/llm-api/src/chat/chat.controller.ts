import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { eventText, LAST_EVENT, openAiError } from '#openai';
import { Scopes } from '#principal';
import { ApiProblems } from '#problem';
import { goneSignal, parseBody, sendEvents } from '#service';
import { LOGGER } from '#telemetry';
import {
  ModelNotFound,
  ProviderFailed,
  Providers,
  ProviderTooSlow,
  ProviderUnavailable,
  REFUSALS,
} from '../providers/index.js';
import { CHAT_REQUEST } from './chat-request.js';
import { CHAT_ANSWER, CHAT_BODY } from './chat.openapi.js';

@ApiTags('chat')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@Controller('v1/chat/completions')
export class ChatController {
  constructor(
    private readonly providers: Providers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @HttpCode(200)
  @Scopes('llm')
  @ApiOperation({ summary: 'The next message of a chat', operationId: 'createChatCompletion' })
  @ApiBody(CHAT_BODY)
  @ApiOkResponse(CHAT_ANSWER)
  @ApiProblems(
    ModelNotFound,
    ...Object.values(REFUSALS),
    ProviderFailed,
    ProviderUnavailable,
    ProviderTooSlow,
  )
  async create(@Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const request = parseBody(CHAT_REQUEST, body);
    const signal = goneSignal(reply);
    if (request.stream !== true) return reply.send(await this.providers.chat(request, signal));
    const chunks = await this.providers.stream(request, signal);
    return sendEvents(reply, eventsOf(chunks), {
      logger: this.logger,
      // Where OpenAI's clients look for it; no `[DONE]` follows.
      lastWord: (problem) => eventText(JSON.stringify({ error: openAiError(problem) })),
    });
  }
}

async function* eventsOf(chunks: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const chunk of chunks) yield eventText(chunk);
  yield eventText(LAST_EVENT);
}
