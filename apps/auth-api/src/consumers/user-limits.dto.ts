import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { Optional } from '#service';
import { AppliedDto } from './consumers.dto.js';

const MOST = 100_000_000;

export class SetUserLimitsDto {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: MOST,
    description: 'Requests a minute.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  per_minute?: number;

  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: MOST,
    description: 'Requests an hour.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  per_hour?: number;
}

export class UserLimitsDto extends AppliedDto {
  @ApiProperty({ format: 'uuid' })
  user_id!: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Requests a minute; null: no limit of his own.',
  })
  per_minute!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Requests an hour; null: no limit of his own.',
  })
  per_hour!: number | null;
}
