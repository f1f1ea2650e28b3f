import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { Busy } from '#storage';
import { RealmKeyRotation } from './realm-key-rotation.service.js';
import { RealmKeyDto, RealmKeysDto, RefreshedKeysDto, RotatedKeyDto } from './realm-keys.dto.js';
import { KeyNotEverywhere, RotationNotPossible } from './realm-keys.problems.js';
import type { RealmKey } from './realm-key.js';
import { RealmKeysService } from './realm-keys.service.js';

@ApiTags('kong')
@ApiBearerAuth('session')
@Controller('kong/keys')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class RealmKeysController {
  constructor(
    private readonly keys: RealmKeysService,
    private readonly rotation: RealmKeyRotation,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The realm keys by which tokens are verified', operationId: 'listRealmKeys' })
  @ApiOkResponse({ type: RealmKeysDto })
  async list(): Promise<RealmKeysDto> {
    return { keys: (await this.keys.list()).map(keyDto) };
  }

  @Post('refresh')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Read the realm keys now; tokens of a key that Keycloak has disabled or deleted end at once',
    operationId: 'refreshRealmKeys',
  })
  @ApiOkResponse({ type: RefreshedKeysDto })
  @ApiProblems(Busy)
  async refresh(
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<RefreshedKeysDto> {
    const { keys, removed, nodesPending } = await this.keys.refresh({ actor: principal.id, origin });
    return { keys: keys.map(keyDto), removed, nodes_pending: nodesPending };
  }

  @Post('rotate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have the realm sign with a new key, which every gateway node knows before it signs',
    operationId: 'rotateRealmKey',
  })
  @ApiOkResponse({ type: RotatedKeyDto })
  @ApiProblems(RotationNotPossible, KeyNotEverywhere, Busy)
  async rotate(
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<RotatedKeyDto> {
    const { kid, previousKid } = await this.rotation.rotate({ actor: principal.id, origin });
    return { kid, previous_kid: previousKid };
  }
}

function keyDto({ kid, firstSeenAt, retiredAt }: RealmKey): RealmKeyDto {
  const since = (retiredAt ?? firstSeenAt).toISOString();
  return { kid, status: retiredAt === undefined ? 'active' : 'retired', since };
}
