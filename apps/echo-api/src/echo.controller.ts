import { All, Controller, Get, HttpCode, Req } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

class AliveDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

/** What an upstream is told of a request. Credentials that came so far are named, and not repeated. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const CREDENTIALS = /^(authorization|cookie|proxy-authorization|apikey|x-api-key|x-gateway-identity)$/;

@ApiTags('echo')
@Controller()
export class EchoController {
  @Get('healthz')
  @ApiOperation({ summary: 'Alive', operationId: 'alive' })
  @ApiOkResponse({ type: AliveDto })
  alive(): AliveDto {
    return { status: 'ok' };
  }

  /** Answers every address and method with what it was sent, so that one sees what the gateway says of its callers. */
  @All('*')
  @HttpCode(200)
  @ApiExcludeEndpoint()
  echo(@Req() request: FastifyRequest): Echo {
    const headers = Object.entries(request.headers).map(([name, value]) => [
      name,
      CREDENTIALS.test(name) ? '[not shown]' : String(value),
    ]);
    return {
      method: request.method,
      path: request.url,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: request.body ?? null,
    };
  }
}
