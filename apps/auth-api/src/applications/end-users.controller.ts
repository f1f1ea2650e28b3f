import { Body, Controller, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal, Forbidden, type Principal, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { type Origin, RequestOrigin } from '../audit/index.js';
import { toEndUserDto } from './answers.js';
import { ApplicationNotFound, CustomIdTaken, NoImplicitSubscription } from './applications.problems.js';
import { askerOf } from './asker.js';
import { EndUserDto, RegisterEndUserDto } from './end-users.dto.js';
import { EndUsersService } from './end-users.service.js';

/** For the authorization server of an application of the implicit flow, which knows who its person is. */
@ApiTags('applications')
@ApiBearerAuth('session')
@Controller('oauth2/register')
@RevalidateToken()
@Roles('consumer-registrar', 'admin')
@ApiProblems(Forbidden)
export class EndUsersController {
  constructor(private readonly endUsers: EndUsersService) {}

  @Post()
  @ApiOperation({
    summary: 'Make an end user of an application known to the gateway; repeatable',
    operationId: 'registerEndUser',
  })
  @ApiCreatedResponse({ type: EndUserDto, description: 'New to this application.' })
  @ApiOkResponse({ type: EndUserDto, description: 'Registered before.' })
  @ApiAcceptedResponse({ type: EndUserDto, description: 'Registered; the gateway hears of it later.' })
  @ApiProblems(ApplicationNotFound, NoImplicitSubscription, CustomIdTaken)
  async register(
    @Body() { application_id: applicationId, api, email, custom_id: customId }: RegisterEndUserDto,
    @CurrentPrincipal() principal: Principal,
    @RequestOrigin() origin: Origin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EndUserDto> {
    const wish = { applicationId, api, email, customId };
    const registered = await this.endUsers.register(askerOf(principal, origin), wish);
    void reply.code(!registered.active ? 202 : registered.isNew ? 201 : 200);
    return toEndUserDto(registered);
  }
}
