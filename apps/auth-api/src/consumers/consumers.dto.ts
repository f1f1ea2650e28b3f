import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IsText, Optional } from '#service';
import { CONSUMER_ORIGINS, type ConsumerOrigin } from './consumer.js';

export class ConsumerListQuery {
  @ApiProperty({ required: false, enum: CONSUMER_ORIGINS, description: 'Only those made for this.' })
  @Optional()
  @IsIn(CONSUMER_ORIGINS, { message: `must be one of ${CONSUMER_ORIGINS.join(', ')}` })
  origin?: ConsumerOrigin;

  @ApiProperty({ required: false, description: '`next_cursor` of the page before.', maxLength: 200 })
  @Optional()
  @IsText({ max: 200 })
  cursor?: string;

  @ApiProperty({ required: false, type: 'integer', minimum: 1, maximum: 500, default: 100 })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit = 100;
}

/** Whether Kong has something as it should be. */
export class AppliedDto {
  @ApiProperty({ description: 'Whether Kong has it as it is said here.' })
  active!: boolean;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Since when it has not.' })
  pending_since!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why Kong refused it last.' })
  failure!: string | null;
}

export class RateLimitsDto {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Requests a minute; null: no such limit.' })
  per_minute!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Requests an hour; null: no such limit.' })
  per_hour!: number | null;
}

export class ConsumerDto extends AppliedDto {
  @ApiProperty({ format: 'uuid', description: 'Here and in Kong.' })
  id!: string;

  @ApiProperty({ enum: CONSUMER_ORIGINS })
  origin!: ConsumerOrigin;

  @ApiProperty()
  username!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'E-mail of a registered client, id of a person.',
  })
  custom_id!: string | null;

  @ApiProperty({ type: [String] })
  tags!: string[];

  @ApiProperty({ type: [String], description: 'ACL groups: which APIs it may reach.' })
  groups!: string[];

  @ApiProperty({ type: RateLimitsDto, nullable: true, description: 'Limits of its own; null: as everybody.' })
  limits!: RateLimitsDto | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;
}

export class ConsumerPageDto {
  @ApiProperty({ type: [ConsumerDto] })
  items!: ConsumerDto[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}
