import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { eventText, LAST_EVENT, openAiError } from '#openai';
import { Scopes } from '#principal';
import { ApiProblems, toProblem } from '#problem';
import { ClientGone, goneSignal, parseBody } from '#service';
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

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy before us is not to wait for the end either.
  'x-accel-buffering': 'no',
};

/** So much of an answer waits for a slow client; then the provider waits. */
const WAITING_BYTES = 16 * 1024;

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
    const events = Readable.from(this.events(chunks, reply.request.id), {
      objectMode: false,
      highWaterMark: WAITING_BYTES,
    });
    return reply.headers(STREAM_HEADERS).send(events);
  }

  /** What goes wrong after the head is said in the stream, where OpenAI's clients look for it; no `[DONE]` follows. */
  private async *events(chunks: AsyncIterable<string>, requestId: string): AsyncGenerator<string, void> {
    try {
      for await (const chunk of chunks) yield eventText(chunk);
      yield eventText(LAST_EVENT);
    } catch (error) {
      if (ClientGone.is(error)) return;
      const problem = toProblem(error, requestId);
      this.logger.error({ request_id: requestId, type: problem.type, err: problem.cause }, problem.detail);
      yield eventText(JSON.stringify({ error: openAiError(problem) }));
    }
  }
}
