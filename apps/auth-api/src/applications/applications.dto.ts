import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsText, Optional, ShortPageQuery, Trimmed } from '#service';
import { REDIRECT_URI_MAX } from './application.js';
import { ID_SCHEMA, IsApplicationId, IsNewApplicationId, IsRedirectUri } from './applications.fields.js';
import { STATUSES, type SubscriptionStatus } from './subscription.js';

export class CreateApplicationDto {
  @ApiProperty({
    ...ID_SCHEMA,
    example: 'weather-app',
    description: 'Unique over all people; never changes.',
  })
  @IsNewApplicationId()
  id!: string;

  @ApiProperty({ minLength: 1, maxLength: 128 })
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  name!: string;

  @ApiProperty({
    required: false,
    maxLength: REDIRECT_URI_MAX,
    format: 'uri',
    example: 'https://app.example.com/callback',
    description: 'An absolute http or https address without fragment; the implicit flow needs one.',
  })
  @Optional()
  @IsRedirectUri()
  redirect_uri?: string;
}

export class ChangeApplicationDto {
  @ApiProperty({ required: false, minLength: 1, maxLength: 128 })
  @Optional()
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  name?: string;

  @ApiProperty({
    required: false,
    maxLength: REDIRECT_URI_MAX,
    format: 'uri',
    description:
      'Another one replaces the credentials of its OAuth clients: client_id and client_secret stay, tokens end.',
  })
  @Optional()
  @IsRedirectUri()
  redirect_uri?: string;
}

export class ApplicationListQuery extends ShortPageQuery {
  @ApiProperty({ required: false, ...ID_SCHEMA, description: '`next_cursor` of the page before.' })
  @Optional()
  @IsApplicationId()
  cursor?: string;

  @ApiProperty({
    required: false,
    enum: [...STATUSES],
    description: 'Only applications with a subscription in this state.',
  })
  @Optional()
  @IsIn([...STATUSES], { message: `must be one of ${STATUSES.join(', ')}` })
  subscription_status?: SubscriptionStatus;
}

export class ApplicationDto {
  @ApiProperty({ ...ID_SCHEMA })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'Keycloak id of the person.' })
  owner!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  redirect_uri!: string | null;

  @ApiProperty({ description: 'The gateway has everything of it as it is here.' })
  active!: boolean;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;
}

export class ApplicationPageDto {
  @ApiProperty({ type: [ApplicationDto] })
  items!: ApplicationDto[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}

export class PendingDeletionDto {
  @ApiProperty({ enum: ['deleted'] })
  status!: 'deleted';

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Consumers that the gateway still has; it loses them as soon as it can be reached.',
  })
  pending_consumers!: number;
}
