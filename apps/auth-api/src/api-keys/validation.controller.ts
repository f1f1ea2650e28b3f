import { Body, Controller, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '#principal';
import { ApiProblems } from '#problem';
import { ValidateKeyDto, ValidKeyDto } from './api-keys.dto.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { GatewayOnly, KeyRefused } from './api-keys.problems.js';
import { GatewayCallGuard } from './gateway-call.guard.js';
import { KeyValidator } from './key-validator.service.js';

/** What the gateway asks on a cache miss. Never routed to from outside. */
@ApiTags('gateway')
@Controller('auth/validate-api-key')
@Public()
@UseGuards(GatewayCallGuard)
export class ValidationController {
  constructor(
    private readonly validator: KeyValidator,
    @Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiBearerAuth('gateway')
  @ApiOperation({ summary: 'Whose API key is this, and is it good', operationId: 'validateApiKey' })
  @ApiOkResponse({ type: ValidKeyDto })
  @ApiProblems(KeyRefused, GatewayOnly)
  async validate(@Body() { api_key: text }: ValidateKeyDto): Promise<ValidKeyDto> {
    const verdict = await this.validator.validate(text);
    if (!verdict.valid) throw KeyRefused({ reason: verdict.reason, realm: this.options.realm });
    const { key } = verdict;
    return {
      valid: true,
      key_id: key.id,
      user_id: key.userId,
      subject: key.userId,
      username: key.owner.username,
      email: key.owner.email ?? null,
      email_verified: key.owner.emailVerified,
      guest: key.owner.guest,
      roles: key.owner.roles,
      scopes: key.scopes,
      tier: key.tier ?? null,
      expires_at: key.expiresAt.toISOString(),
    };
  }
}
