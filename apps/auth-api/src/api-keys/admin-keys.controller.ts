import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { UuidParam } from '#service';
import { RevokedCountDto } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@ApiTags('admin')
@ApiBearerAuth('session')
@Controller('admin/users/:id/keys')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class AdminKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post('revoke')
  @HttpCode(200)
  @ApiOperation({ summary: "Revoke all of one person's keys", operationId: 'revokeKeysOfUser' })
  @ApiOkResponse({ type: RevokedCountDto })
  async revokeAll(
    @UuidParam('id') userId: string,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<RevokedCountDto> {
    return { revoked: await this.keys.revokeAll({ userId: principal.id, origin }, userId) };
  }
}
