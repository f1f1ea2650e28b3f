import { applyDecorators, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal, Scopes } from '#principal';
import { dropRest, onBehalfOf } from '#service';
import { MAX_MESSAGE_BYTES, textOf } from './body.js';
import { INVALID_REQUEST, jsonRpcError, parseMessage, SERVER_ERROR } from './json-rpc.js';
import { JsonRpcAnswerDto } from './mcp.dto.js';
import { MCP_OPTIONS, type McpOptions } from './mcp.options.js';
import { MessageHandler } from './message-handler.service.js';
import { mayCall } from './origins.js';

const JSON_RPC = { 'application/json': { schema: { $ref: getSchemaPath(JsonRpcAnswerDto) } } };
const ONLY_POST =
  'This server answers each message where it was sent, by POST: it keeps no sessions and pushes nothing.';

/** A fault that is said as a JSON-RPC error. */
const Refusal = (status: number, description: string) =>
  ApiResponse({ status, description, content: JSON_RPC });

const NoOther = () =>
  applyDecorators(
    HttpCode(405),
    ApiResponse({
      status: 405,
      description: ONLY_POST,
      content: JSON_RPC,
      headers: { Allow: { required: true, description: '`POST`', schema: { type: 'string' } } },
    }),
  );

/** The one address of the Model Context Protocol (streamable HTTP). */
@ApiTags('mcp')
@ApiBearerAuth('session')
@ApiSecurity('api key')
@ApiExtraModels(JsonRpcAnswerDto)
@Controller('mcp')
@Scopes('mcp')
export class McpController {
  constructor(
    private readonly handler: MessageHandler,
    @Inject(MCP_OPTIONS) private readonly options: McpOptions,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a message of the Model Context Protocol', operationId: 'callMcp' })
  @ApiBody({ schema: { type: 'object', additionalProperties: true }, description: 'One JSON-RPC message.' })
  @ApiOkResponse({ description: 'The answer to a request, also when it is an error.', content: JSON_RPC })
  @ApiAcceptedResponse({ description: 'A notification, or an answer of the client.' })
  @Refusal(400, 'No JSON-RPC message, a batch, or a protocol version that is not spoken here.')
  @Refusal(403, 'A web page of an origin that may not call.')
  @Refusal(406, 'Accept must list application/json and text/event-stream, as the protocol asks.')
  @Refusal(413, 'The message is too long.')
  @Refusal(415, 'Content-Type must be application/json.')
  async call(
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { headers, body } = request;
    if (!mayCall(headers.origin, this.options.allowedOrigins))
      return refuse(reply, 403, jsonRpcError(SERVER_ERROR, 'Web pages of this origin may not call.'));
    if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      return refuse(reply, 415, jsonRpcError(SERVER_ERROR, 'Content-Type must be application/json.'));
    const text = await textOf(body);
    if (text === undefined) {
      dropRest(request);
      const message = `A message may have at most ${MAX_MESSAGE_BYTES} bytes.`;
      return refuse(reply, 413, jsonRpcError(INVALID_REQUEST, message));
    }
    const parsed = parseMessage(text);
    if ('fault' in parsed) return refuse(reply, 400, parsed.fault);
    const asker = onBehalfOf(principal, reply);
    const answer = await this.handler.answer(webRequest(request), parsed.message, asker);
    if (answer === undefined) return void reply.raw.destroy();
    const said = await answer.text();
    void reply.code(answer.status);
    if (said === '') return void reply.send();
    void reply.header('content-type', 'application/json; charset=utf-8').send(said);
  }

  @Get()
  @NoOther()
  @ApiOperation({ summary: 'There is no stream to open', operationId: 'openMcpStream' })
  stream(@Res() reply: FastifyReply): void {
    refuseMethod(reply);
  }

  @Delete()
  @NoOther()
  @ApiOperation({ summary: 'There is no session to end', operationId: 'endMcpSession' })
  end(@Res() reply: FastifyReply): void {
    refuseMethod(reply);
  }
}

/** What the SDK looks at: headers alone, since the body is parsed already. */
function webRequest({ headers }: FastifyRequest): Request {
  const seen = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-session-id'] as const;
  const given = seen.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
  return new Request('http://mcp-tools/mcp', {
    method: 'POST',
    headers: Object.fromEntries(given) as Record<string, string>,
  });
}

function refuse(reply: FastifyReply, status: number, error: object): void {
  void reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(error));
}

function refuseMethod(reply: FastifyReply): void {
  void reply.header('allow', 'POST');
  refuse(reply, 405, jsonRpcError(SERVER_ERROR, ONLY_POST));
}
