import { Body, Controller, Headers, Inject, Post, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { Public } from '#principal';
import { ApiProblems, TooManyRequests, ValidationFailed } from '#problem';
import { AddressLimitGuard, LimitByAddress, NO_STORE } from '#service';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { EmailRegistered, IdempotencyKeyReused, RegistrationEnded } from './consumers.problems.js';
import { showClient } from './registration.http.js';
import { RegisterDto, RegisteredDto } from './registration.dto.js';
import { RegistrationsService } from './registrations.service.js';

/** Long enough not to be guessed: who has it is shown the client's key again. */
const IDEMPOTENCY_KEY = /^[!-~]{16,255}$/;

@ApiTags('registered clients')
@Controller('register')
@Public()
@UseGuards(AddressLimitGuard)
export class RegistrationController {
  constructor(
    private readonly registrations: RegistrationsService,
    @Inject(CONSUMERS_OPTIONS) private readonly options: ConsumersOptions,
  ) {}

  @Post()
  @LimitByAddress('registration')
  @ApiOperation({ summary: 'Register a machine client; its key is for /api/', operationId: 'register' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Random, such as a UUID: for 24 hours the same request with the same key is answered with the same client and key.',
    schema: { type: 'string', minLength: 16, maxLength: 255, pattern: '^[!-~]+$' },
  })
  @ApiCreatedResponse({ type: RegisteredDto, headers: NO_STORE, description: 'The key works.' })
  @ApiAcceptedResponse({
    type: RegisteredDto,
    headers: NO_STORE,
    description: 'The key works as soon as the gateway, which does not answer at the moment, has it.',
  })
  @ApiProblems(EmailRegistered, RegistrationEnded, IdempotencyKeyReused, TooManyRequests)
  async register(
    @Body() { client_name: clientName, email }: RegisterDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisteredDto> {
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey))
      throw ValidationFailed({
        errors: [{ field: 'Idempotency-Key', detail: 'must be 16 to 255 visible ASCII characters' }],
      });
    const client = await this.registrations.register({ clientName, email }, idempotencyKey, origin);
    return showClient(reply, client, this.options);
  }
}
