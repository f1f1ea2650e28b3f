import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { Optional, PageQuery } from '#service';
import { CONSUMER_ORIGINS, type ConsumerOrigin } from './consumer.js';

export class ConsumerListQuery extends PageQuery {
  @ApiProperty({ required: false, enum: CONSUMER_ORIGINS, description: 'Only those made for this.' })
  @Optional()
  @IsIn(CONSUMER_ORIGINS, { message: `must be one of ${CONSUMER_ORIGINS.join(', ')}` })
  origin?: ConsumerOrigin;
}

/** It should be gone, and Kong does not know yet. */
export class PendingEndDto {
  @ApiProperty({ enum: ['ended'] })
  status!: 'ended';

  @ApiProperty({ enum: [true], description: 'The gateway has not confirmed it yet.' })
  pending!: true;
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
