import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { API_NAMES, type ApiName } from '#config';
import { IsText, Optional, Trimmed } from '#service';
import { DEFAULT_PLAN, PLAN_NAMES, type PlanName } from './plans.js';
import { type Auth, AUTHS, STATUSES, type SubscriptionStatus } from './subscription.js';

export class CreateSubscriptionDto {
  @ApiProperty({ enum: [...API_NAMES] })
  @IsIn([...API_NAMES], { message: `must be one of ${API_NAMES.join(', ')}` })
  api!: ApiName;

  @ApiProperty({ enum: [...AUTHS], description: 'How the application shows at the API who it is.' })
  @IsIn([...AUTHS], { message: `must be one of ${AUTHS.join(', ')}` })
  auth!: Auth;

  @ApiProperty({
    required: false,
    enum: [...PLAN_NAMES],
    default: DEFAULT_PLAN,
    description: '`basic` works at once, the others when an administrator has approved them.',
  })
  @Optional()
  @IsIn([...PLAN_NAMES], { message: `must be one of ${PLAN_NAMES.join(', ')}` })
  plan: PlanName = DEFAULT_PLAN;
}

export class RefuseSubscriptionDto {
  @ApiProperty({ required: false, minLength: 1, maxLength: 500, description: 'Shown to the owner.' })
  @Optional()
  @Trimmed()
  @IsText({ min: 1, max: 500 })
  reason?: string;
}

export class SubscriptionDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  application_id!: string;

  @ApiProperty({ enum: [...API_NAMES] })
  api!: ApiName;

  @ApiProperty({ enum: [...AUTHS] })
  auth!: Auth;

  @ApiProperty({ enum: [...PLAN_NAMES] })
  plan!: PlanName;

  @ApiProperty({ enum: [...STATUSES] })
  status!: SubscriptionStatus;

  @ApiProperty({ description: 'It is approved and the gateway knows of it.' })
  active!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'What an administrator said to a refusal.' })
  reason!: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decided_at!: string | null;
}

export class CredentialsDto {
  @ApiProperty({ example: 'https://api.example.com/apis/echo/', description: 'Where the API is.' })
  api_url!: string;

  @ApiProperty({ type: String, nullable: true, description: 'For the header `apikey`, with key-auth.' })
  key!: string | null;

  @ApiProperty({ type: String, nullable: true })
  client_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  client_secret!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Where an OAuth client gets its tokens (RFC 6749 §4.4).',
  })
  token_url!: string | null;

  @ApiProperty({ type: String, nullable: true })
  redirect_uri!: string | null;
}

export class DecidedSubscriptionDto extends SubscriptionDto {
  @ApiProperty({
    type: CredentialsDto,
    nullable: true,
    description: 'When this made them, and to the owner alone, who reads them later at …/credentials.',
  })
  credentials!: CredentialsDto | null;
}

export class SubscriptionListDto {
  @ApiProperty({ type: [SubscriptionDto] })
  items!: SubscriptionDto[];
}
