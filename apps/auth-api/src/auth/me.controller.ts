import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { GuestMayNot, PresentSubject, PresentUsers, SessionNeeded, type User } from '../users/index.js';
import { KeycloakAccounts, KeycloakUnavailable } from '#keycloak';
import { CurrentPrincipal, type Principal } from '#principal';
import { ApiProblems, NotFound } from '#problem';
import { Busy } from '#storage';
import { MeDto, PasswordDto } from './auth.dto.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { MailNotSetUp } from './auth.problems.js';
import { PasswordsService } from './passwords.service.js';

/** What a signed-in person asks about himself. */
@ApiTags('session')
@ApiBearerAuth('session')
@Controller('auth')
export class MeController {
  constructor(
    private readonly users: PresentUsers,
    private readonly subjects: PresentSubject,
    private readonly passwords: PasswordsService,
    private readonly accounts: KeycloakAccounts,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  @Get('me')
  @ApiOperation({ summary: 'Who am I, as Keycloak has it now', operationId: 'me' })
  @ApiSecurity('api key')
  @ApiOkResponse({ type: MeDto })
  @ApiProblems(NotFound, KeycloakUnavailable)
  async me(@CurrentPrincipal() principal: Principal): Promise<MeDto> {
    const present = await this.users.get(principal.id);
    if (present === undefined) throw NotFound();
    const { user, staleSeconds } = present;
    return {
      id: user.id,
      subject: user.id,
      username: user.username,
      email: user.email ?? null,
      email_verified: user.emailVerified,
      full_name: user.fullName ?? null,
      guest: user.guest,
      roles: user.roles,
      auth_method: principal.via.method,
      ...(staleSeconds === undefined ? {} : { stale_seconds: staleSeconds }),
    };
  }

  @Post('password')
  @HttpCode(204)
  @ApiOperation({ summary: 'Set a first password, or change it', operationId: 'setPassword' })
  @ApiNoContentResponse()
  @ApiProblems(GuestMayNot, SessionNeeded, KeycloakUnavailable, Busy)
  async password(
    @Body() body: PasswordDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    const user = await this.member(principal, 'set a password');
    await this.passwords.change(user, body.new_password, body.current_password, origin);
  }

  @Post('verify-email')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send the mail that confirms my address', operationId: 'verifyEmail' })
  @ApiAcceptedResponse()
  @ApiProblems(MailNotSetUp, GuestMayNot, SessionNeeded, KeycloakUnavailable)
  async verifyEmail(@CurrentPrincipal() principal: Principal): Promise<void> {
    if (!this.options.mail) throw MailNotSetUp();
    const user = await this.member(principal, 'confirm an address');
    await this.accounts.sendVerifyEmail(user.id);
  }

  private async member(principal: Principal, what: string): Promise<User> {
    if (principal.via.method !== 'jwt') throw SessionNeeded();
    await this.subjects.checkNow(principal.id);
    const present = await this.users.get(principal.id);
    if (present === undefined) throw NotFound();
    if (present.user.guest) throw GuestMayNot({ what });
    return present.user;
  }
}
