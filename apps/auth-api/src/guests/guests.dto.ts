import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, Matches } from 'class-validator';
import { TokensDto } from '../auth/index.js';
import { IsEmailAddress, IsText, Optional, Trimmed } from '#service';

export class GuestLoginDto {
  @ApiProperty({
    required: false,
    default: false,
    description: 'true: the refresh token comes as an HttpOnly cookie instead of in the body; for web pages.',
  })
  @Optional()
  @IsBoolean()
  refresh_cookie?: boolean;
}

export class GuestTokensDto extends TokensDto {
  @ApiProperty({ format: 'uuid', description: 'Stays the same when the guest upgrades.' })
  user_id!: string;

  @ApiProperty({ example: 'guest-0b3f1c9e-54a1-4d0c-8f8b-3d9a3d6b7c11' })
  username!: string;

  @ApiProperty({ example: true })
  guest!: boolean;
}

export class UpgradeDto {
  @ApiProperty({ minLength: 3, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' })
  @IsText({ min: 3, max: 64 })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    message: 'must begin with a letter or digit and have only letters, digits, dots, underscores and hyphens',
  })
  username!: string;

  @ApiProperty({ format: 'email', maxLength: 254 })
  @Trimmed()
  @IsEmailAddress()
  email!: string;

  @ApiProperty({ required: false, minLength: 1, maxLength: 128 })
  @Optional()
  @Trimmed()
  @IsText({ min: 1, max: 128 })
  full_name?: string;

  @ApiProperty({ required: false, minLength: 8, maxLength: 128, format: 'password' })
  @Optional()
  @IsText({ min: 8, max: 128 })
  password?: string;

  @ApiProperty({
    required: false,
    maxLength: 8192,
    description: "The guest's refresh token: new tokens, with the new name and role, come with the answer.",
  })
  @Optional()
  @IsText({ min: 1, max: 8192 })
  refresh_token?: string;
}

export class NextStepDto {
  @ApiProperty({ example: 'POST' })
  method!: string;

  @ApiProperty({ example: '/auth/password' })
  href!: string;
}

export class UpgradedDto {
  @ApiProperty({ enum: ['upgraded'] })
  status!: 'upgraded';

  @ApiProperty({ format: 'uuid' })
  user_id!: string;

  @ApiProperty()
  username!: string;

  @ApiProperty()
  email!: string;

  @ApiProperty({ required: false, type: NextStepDto, description: 'Only when no password was given.' })
  set_password?: NextStepDto;

  @ApiProperty({
    required: false,
    type: TokensDto,
    description: 'Only when the refresh token was sent along.',
  })
  tokens?: TokensDto;
}
