import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsISO8601, IsInt, IsUUID, Max, Min, ValidateNested } from 'class-validator';
import { IsText, Optional } from '#service';

/** Requests of one key or person to one service with one outcome, counted. */
export class UsageItemDto {
  @Optional()
  @IsUUID('all')
  key_id?: string;

  /** Missing when nobody was recognised. */
  @Optional()
  @IsUUID('all')
  user_id?: string;

  @Optional()
  @IsText({ min: 1, max: 64 })
  service?: string;

  @IsInt()
  @Min(100)
  @Max(599)
  status!: number;

  /** Why the gateway refused. */
  @Optional()
  @IsText({ min: 1, max: 64 })
  reason?: string;

  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  count!: number;
}

export class UsageBatchDto {
  /** The same however often the batch is sent. */
  @IsUUID('all')
  batch_id!: string;

  @IsText({ min: 1, max: 64 })
  node!: string;

  @IsISO8601({ strict: true })
  from!: string;

  @IsISO8601({ strict: true })
  to!: string;

  @IsArray()
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Type(() => UsageItemDto)
  items!: UsageItemDto[];
}
