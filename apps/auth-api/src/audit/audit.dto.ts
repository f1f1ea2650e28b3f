import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IsText, Optional, PageQuery } from '#service';

export class AuditQuery extends PageQuery {
  @ApiProperty({
    required: false,
    description: 'Only entries about this thing, as `kind:id`.',
    maxLength: 200,
  })
  @Optional()
  @IsText({ max: 200 })
  @Matches(/^[\w:.$@-]+$/, { message: 'must look like user:<id>' })
  target?: string;
}

export class AuditEventDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who did it; null: the system.' })
  actor!: string | null;

  @ApiProperty({ example: 'api-key.revoked' })
  action!: string;

  @ApiProperty({ example: 'api-key:7f0c6f0e-7d4f-4a0e-9f8b-2f6b5a3c1d2e' })
  target!: string;

  @ApiProperty({ type: String, nullable: true })
  request_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  address!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  details!: Record<string, unknown>;
}

export class AuditPageDto {
  @ApiProperty({ type: [AuditEventDto] })
  items!: AuditEventDto[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}
