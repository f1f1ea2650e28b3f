import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Forbidden, RevalidateToken, Roles } from '#principal';
import { ApiProblems, NotFound } from '#problem';
import { UuidParam } from '#service';
import { PresentUsers } from './present-users.service.js';
import { refusalOf } from './user.js';
import { UserDto } from './users.dto.js';

@ApiTags('admin')
@ApiBearerAuth('session')
@Controller('admin/users')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class UsersController {
  constructor(private readonly users: PresentUsers) {}

  @Get(':id')
  @ApiOperation({ summary: 'One person, as Keycloak has him now', operationId: 'getUser' })
  @ApiOkResponse({ type: UserDto })
  @ApiProblems(NotFound)
  async get(@UuidParam('id') id: string): Promise<UserDto> {
    const user = (await this.users.get(id))?.user;
    if (user === undefined) throw NotFound();
    const refusal = refusalOf(user);
    return {
      id: user.id,
      username: user.username,
      email: user.email ?? null,
      email_verified: user.emailVerified,
      full_name: user.fullName ?? null,
      guest: user.guest,
      status: refusal === undefined ? 'active' : refusal === 'user-deleted' ? 'deleted' : 'disabled',
      roles: user.roles,
    };
  }
}
