import { Body, Controller, HttpCode, Inject, Post, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { answerTokens, AUTH_OPTIONS, type AuthOptions, hintOf, SessionsService } from '../auth/index.js';
import { SessionNeeded } from '../users/index.js';
import { KeycloakUnavailable, type TokenSet } from '#keycloak';
import { CurrentPrincipal, type Principal, Public } from '#principal';
import { ApiProblems, Problem, TooManyRequests, ValidationFailed } from '#problem';
import { AddressLimitGuard, LimitByAddress, NO_STORE } from '#service';
import { Busy } from '#storage';
import { GuestLoginDto, GuestTokensDto, UpgradeDto, UpgradedDto } from './guests.dto.js';
import { NameTaken, NotAGuest, TooManyGuests } from './guests.problems.js';
import { GuestsService } from './guests.service.js';
import { UpgradesService } from './upgrades.service.js';

@ApiTags('guests')
@Controller('auth')
export class GuestsController {
  constructor(
    private readonly guests: GuestsService,
    private readonly upgrades: UpgradesService,
    private readonly sessions: SessionsService,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  @Post('guest-login')
  @Public()
  @UseGuards(AddressLimitGuard)
  @LimitByAddress('guestLogin')
  @ApiOperation({ summary: 'Become a guest, with tokens, in one call', operationId: 'guestLogin' })
  @ApiBody({ type: GuestLoginDto, required: false })
  @ApiCreatedResponse({ type: GuestTokensDto, headers: NO_STORE })
  @ApiProblems(TooManyRequests, TooManyGuests, KeycloakUnavailable)
  async login(
    @Body() body: GuestLoginDto,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GuestTokensDto> {
    const { userId, username, tokens } = await this.guests.create(origin);
    const answer = answerTokens(reply, tokens, body.refresh_cookie === true, this.options);
    return { ...answer, user_id: userId, username, guest: true };
  }

  @Post('upgrade')
  @HttpCode(200)
  @ApiBearerAuth('session')
  @ApiOperation({ summary: 'Become a registered user with the same id', operationId: 'upgrade' })
  @ApiOkResponse({ type: UpgradedDto })
  @ApiProblems(NameTaken, NotAGuest, SessionNeeded, KeycloakUnavailable, Busy)
  async upgrade(
    @Body() body: UpgradeDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UpgradedDto> {
    if (principal.via.method !== 'jwt') throw SessionNeeded();
    assertOwn(body.refresh_token, principal);
    const { username, email, full_name: fullName, password } = body;
    const account = await this.upgrades.upgrade(
      principal.id,
      { username, email, fullName, password },
      origin,
    );
    const renewed = body.refresh_token === undefined ? undefined : await this.renew(body.refresh_token);
    return {
      status: 'upgraded',
      user_id: account.id,
      username: account.username,
      email: account.email ?? email,
      ...(password === undefined ? { set_password: { method: 'POST', href: '/auth/password' } } : {}),
      ...(renewed === undefined ? {} : { tokens: answerTokens(reply, renewed, false, this.options) }),
    };
  }

  /** The upgrade is done by now: a session that cannot be renewed at this moment does not undo it. */
  private async renew(refreshToken: string): Promise<TokenSet | undefined> {
    try {
      return await this.sessions.refresh(refreshToken);
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }
}

/** @throws {Problem} ValidationFailed: it is no refresh token, or another person's */
function assertOwn(refreshToken: string | undefined, principal: Principal): void {
  if (refreshToken === undefined || hintOf(refreshToken)?.sub === principal.id) return;
  throw ValidationFailed({
    errors: [{ field: 'refresh_token', detail: 'must be a refresh token of this guest' }],
  });
}
