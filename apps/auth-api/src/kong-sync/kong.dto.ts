import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { Optional } from '#service';

export class PlanQuery {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 0,
    maximum: 10_000,
    default: 1000,
    description: 'How many steps are listed; `steps_total` counts all.',
  })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(10_000)
  limit = 1000;
}

export class SyncQuery {
  @ApiProperty({
    required: false,
    type: 'boolean',
    default: false,
    description: 'Also delete much of what is ours, where a plan waits for that.',
  })
  @Optional()
  @Transform(({ value }) =>
    value === 'true' || value === '' ? true : value === 'false' ? false : (value as unknown),
  )
  @IsBoolean()
  force = false;
}

export class ChangeDto {
  @ApiProperty()
  field!: string;

  @ApiProperty({ nullable: true, description: 'As it is; a secret as its fingerprint.' })
  from!: unknown;

  @ApiProperty({ nullable: true, description: 'As it should be.' })
  to!: unknown;
}

export class StepDto {
  @ApiProperty({ enum: ['park', 'delete', 'create', 'update'] })
  operation!: 'park' | 'delete' | 'create' | 'update';

  @ApiProperty({ example: 'key-auths', description: "Kong's name of the collection." })
  kind!: string;

  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'consumer demo-app-1a2b3c' })
  subject!: string;

  @ApiProperty({ type: [ChangeDto] })
  changes!: ChangeDto[];
}

export class BlockedDto {
  @ApiProperty()
  subject!: string;

  @ApiProperty()
  why!: string;
}

export class PlanDto {
  @ApiProperty({ description: 'Nothing is to be done.' })
  in_sync!: boolean;

  @ApiProperty({ example: 'create 3, delete 1 (and 2 with them), unchanged 90' })
  summary!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it waits for POST /kong/sync?force=true.' })
  held!: string | null;

  @ApiProperty({ type: 'integer' })
  unchanged!: number;

  @ApiProperty({ type: 'integer' })
  steps_total!: number;

  @ApiProperty({ type: [StepDto], description: 'In the order in which they would be done.' })
  steps!: StepDto[];

  @ApiProperty({ type: [BlockedDto], description: 'What can not be done without touching what is not ours.' })
  blocked!: BlockedDto[];
}

export class RefusalDto {
  @ApiProperty({ format: 'uuid' })
  consumer_id!: string;

  @ApiProperty()
  username!: string;

  @ApiProperty({ description: 'What Kong said last.' })
  failure!: string;

  @ApiProperty({ type: 'integer' })
  attempts!: number;
}

export class ProgressDto {
  @ApiProperty({ type: 'integer' })
  done!: number;

  @ApiProperty({ type: 'integer', nullable: true })
  total!: number | null;
}

export class KongStatusDto {
  @ApiProperty({ description: 'Kong has everything that it should, and nothing of ours that it should not.' })
  in_sync!: boolean;

  @ApiProperty({ format: 'date-time', description: 'Since when that is so, or not.' })
  since!: string;

  @ApiProperty({ enum: ['db', 'dbless'] })
  mode!: 'db' | 'dbless';

  @ApiProperty({
    type: 'integer',
    description: 'Gateway nodes in KONG_ADMIN_URLS; without any nothing is kept.',
  })
  nodes!: number;

  @ApiProperty({ type: 'integer', description: 'Changes that Kong does not have yet.' })
  waiting!: number;

  @ApiProperty({ type: 'number', description: 'Since when the oldest of them waits, in seconds.' })
  lag_seconds!: number;

  @ApiProperty({
    type: ProgressDto,
    nullable: true,
    description: 'Of what is being done at the moment, if it is much.',
  })
  progress!: ProgressDto | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When Kong was last compared as a whole.',
  })
  compared_at!: string | null;

  @ApiProperty({ type: 'integer', description: 'What differed then without a change of ours.' })
  drift!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why nothing is done before a person has agreed.',
  })
  held!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why Kong could not be asked at the last attempt.',
  })
  failure!: string | null;

  @ApiProperty({ type: [String], description: 'What could not be made so, a line each; 100 at most.' })
  blocked!: string[];

  @ApiProperty({ type: [RefusalDto], description: 'What Kong refuses; the oldest 100.' })
  refused!: RefusalDto[];
}
