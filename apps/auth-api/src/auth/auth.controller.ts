import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeycloakUnavailable } from '#keycloak';
import { Public } from '#principal';
import { ApiProblems, TooManyRequests, ValidationFailed } from '#problem';
import { AddressLimitGuard, LimitByAddress, NO_STORE } from '#service';
import { Busy } from '#storage';
import { LoginDto, RefreshTokenDto, TokensDto } from './auth.dto.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { LoginRefused, RefreshRefused } from './auth.problems.js';
import { refreshCookie } from './refresh-cookie.js';
import { answerTokens, type SentToken, sentToken } from './refresh-token.http.js';
import { SessionsService } from './sessions.service.js';

/** Open to everyone: whoever calls these has no access token yet, or no longer. */
@ApiTags('session')
@Controller('auth')
@Public()
@UseGuards(AddressLimitGuard)
export class AuthController {
  constructor(
    private readonly sessions: SessionsService,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  @Post('login')
  @HttpCode(200)
  @LimitByAddress('signIn')
  @ApiOperation({ summary: 'Sign in with username or e-mail and password', operationId: 'login' })
  @ApiOkResponse({ type: TokensDto, headers: NO_STORE })
  @ApiProblems(LoginRefused, TooManyRequests, KeycloakUnavailable, Busy)
  async login(@Body() body: LoginDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<TokensDto> {
    const tokens = await this.sessions.login(body.username, body.password);
    return answerTokens(reply, tokens, body.refresh_cookie === true, this.options);
  }

  @Post('refresh-token')
  @HttpCode(200)
  @LimitByAddress('signIn')
  @ApiOperation({ summary: 'New tokens for a refresh token', operationId: 'refreshToken' })
  @ApiBody({ type: RefreshTokenDto, required: false })
  @ApiSecurity({}) // the token may come in the body or by cookie instead
  @ApiBearerAuth('refresh token')
  @ApiOkResponse({ type: TokensDto, headers: NO_STORE })
  @ApiProblems(RefreshRefused, TooManyRequests, KeycloakUnavailable)
  async refresh(
    @Body() body: RefreshTokenDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensDto> {
    const { value, byCookie } = this.required(request, body.refresh_token);
    return answerTokens(reply, await this.sessions.refresh(value), byCookie, this.options);
  }

  @Get('refresh-token')
  @LimitByAddress('signIn')
  @ApiOperation({
    summary: 'New tokens for a refresh token sent as bearer',
    operationId: 'refreshTokenByGet',
  })
  @ApiBearerAuth('refresh token')
  @ApiOkResponse({ type: TokensDto, headers: NO_STORE })
  @ApiProblems(RefreshRefused, TooManyRequests, KeycloakUnavailable)
  async refreshByGet(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensDto> {
    const { value } = this.required(request, undefined);
    return answerTokens(reply, await this.sessions.refresh(value), false, this.options);
  }

  @Post('logout')
  @HttpCode(204)
  @LimitByAddress('signIn')
  @ApiOperation({ summary: 'End the session of a refresh token; repeatable', operationId: 'logout' })
  @ApiBody({ type: RefreshTokenDto, required: false })
  @ApiSecurity({}) // the token may come in the body or by cookie instead
  @ApiBearerAuth('refresh token')
  @ApiNoContentResponse()
  @ApiProblems(TooManyRequests, KeycloakUnavailable)
  async logout(
    @Body() body: RefreshTokenDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { value, byCookie } = this.required(request, body.refresh_token);
    await this.sessions.logout(value);
    if (byCookie) void reply.header('set-cookie', refreshCookie('', 0, this.options.secureCookies));
  }

  private required(request: FastifyRequest, inBody: string | undefined): SentToken {
    const sent = sentToken(request, inBody, this.options);
    if (sent === undefined)
      throw ValidationFailed({
        errors: [
          { field: 'refresh_token', detail: 'must be in the body, as bearer token, or in the cookie' },
        ],
      });
    return sent;
  }
}
