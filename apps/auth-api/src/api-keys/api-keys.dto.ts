import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, IsUUID, Matches, Max, Min } from 'class-validator';
import { ALL_SCOPES, type Scope } from '#principal';
import { IsText, Optional, ShortPageQuery, Trimmed } from '#service';

const MAX_OVERLAP_SECONDS = 2_592_000;

export class CreateKeyDto {
  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: 128,
    description: '`name` or `description` must be given.',
  })
  @Optional()
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  name?: string;

  @ApiProperty({ required: false, minLength: 1, maxLength: 128, description: 'The same as `name`.' })
  @Optional()
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  description?: string;

  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 1,
    maximum: 365,
    description: 'Days; 90 by default. An installation may set another default and another maximum.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  expires_in_days?: number;

  @ApiProperty({
    required: false,
    enum: [...ALL_SCOPES],
    isArray: true,
    description: 'By default all but `keys`.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(ALL_SCOPES.length)
  @ArrayUnique()
  @IsIn([...ALL_SCOPES], { each: true, message: `each must be one of ${ALL_SCOPES.join(', ')}` })
  scopes?: Scope[];

  @ApiProperty({
    required: false,
    maxLength: 32,
    pattern: '^[a-z][a-z0-9-]*$',
    description: 'Needs the role `tier:<name>`.',
  })
  @Optional()
  @IsText({ max: 32 })
  @Matches(/^[a-z][a-z0-9-]*$/, { message: 'must be a tier name such as gold' })
  tier?: string;
}

export class RenameKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 128 })
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  name!: string;
}

export class RotateKeyDto {
  @ApiProperty({
    required: false,
    type: 'integer',
    minimum: 0,
    maximum: MAX_OVERLAP_SECONDS,
    default: 86_400,
    description: 'For how long the old key works on; 0 ends it now.',
  })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds?: number;
}

export class KeyListQuery extends ShortPageQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next_cursor` of the page before.' })
  @Optional()
  @IsUUID()
  cursor?: string;
}

export class KeyDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ example: 'sk_live_3fGh', description: 'First characters of the key.' })
  prefix!: string;

  @ApiProperty({ example: '9xQz', description: 'Last characters of the key.' })
  suffix!: string;

  @ApiProperty({ enum: ['active', 'expiring', 'expired', 'revoked'] })
  status!: 'active' | 'expiring' | 'expired' | 'revoked';

  @ApiProperty({ type: [String] })
  scopes!: string[];

  @ApiProperty({ type: String, nullable: true })
  tier!: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time' })
  expires_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at!: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The key that took its place.' })
  replaced_by!: string | null;
}

export class CreatedKeyDto extends KeyDto {
  @ApiProperty({ description: 'The key itself. It is shown this once and cannot be shown again.' })
  key!: string;
}

export class KeyPageDto {
  @ApiProperty({ type: [KeyDto] })
  items!: KeyDto[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}

export class ValidateKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 512 })
  @IsText({ min: 1, max: 512 })
  api_key!: string;
}

export class ValidKeyDto {
  @ApiProperty({ enum: [true] })
  valid!: boolean;

  @ApiProperty({ format: 'uuid' })
  key_id!: string;

  @ApiProperty({ format: 'uuid' })
  user_id!: string;

  @ApiProperty({ format: 'uuid' })
  subject!: string;

  @ApiProperty()
  username!: string;

  @ApiProperty({ type: String, nullable: true })
  email!: string | null;

  @ApiProperty()
  email_verified!: boolean;

  @ApiProperty()
  guest!: boolean;

  @ApiProperty({ type: [String] })
  roles!: readonly string[];

  @ApiProperty({ type: [String] })
  scopes!: readonly string[];

  @ApiProperty({ type: String, nullable: true })
  tier!: string | null;

  @ApiProperty({ format: 'date-time' })
  expires_at!: string;
}

export class RevokedCountDto {
  @ApiProperty({ type: 'integer' })
  revoked!: number;
}

export class PendingRevocationDto {
  @ApiProperty({ enum: ['revoked'] })
  status!: 'revoked';

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Gateway nodes that have not confirmed yet.' })
  pending_nodes!: number;
}
