import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Forbidden, RevalidateToken, Roles } from '#principal';
import { ApiProblems } from '#problem';
import { AuditPageDto, AuditQuery } from './audit.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('admin')
@ApiBearerAuth('session')
@Controller('admin/audit')
@RevalidateToken()
@Roles('admin')
@ApiProblems(Forbidden)
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @ApiOperation({ summary: 'Audit trail, newest first', operationId: 'listAuditEvents' })
  @ApiOkResponse({ type: AuditPageDto })
  async list(@Query() { target, cursor, limit }: AuditQuery): Promise<AuditPageDto> {
    const page = await this.audit.page({ target, cursor, limit });
    return {
      items: page.items.map((event) => ({
        id: event.id,
        at: event.at.toISOString(),
        actor: event.actor,
        action: event.action,
        target: event.target,
        request_id: event.requestId,
        address: event.address,
        details: event.details,
      })),
      next_cursor: page.nextCursor ?? null,
    };
  }
}
