import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { IsText, Optional } from '#service';

const COOKIE_HELP =
  'true: the refresh token comes as an HttpOnly cookie for /auth instead of in the body; for web pages.';

export class LoginDto {
  @ApiProperty({ description: 'Username or e-mail.', minLength: 1, maxLength: 255 })
  @IsText({ min: 1, max: 255 })
  username!: string;

  @ApiProperty({ minLength: 1, maxLength: 1024, format: 'password' })
  @IsText({ min: 1, max: 1024 })
  password!: string;

  @ApiProperty({ required: false, default: false, description: COOKIE_HELP })
  @Optional()
  @IsBoolean()
  refresh_cookie?: boolean;
}

export class RefreshTokenDto {
  @ApiProperty({ required: false, maxLength: 8192, description: 'Unless sent as bearer token or by cookie.' })
  @Optional()
  @IsText({ min: 1, max: 8192 })
  refresh_token?: string;
}

export class PasswordDto {
  @ApiProperty({ minLength: 8, maxLength: 128, format: 'password' })
  @IsText({ min: 8, max: 128 })
  new_password!: string;

  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: 1024,
    description: 'Needed when there is a password.',
  })
  @Optional()
  @IsText({ min: 1, max: 1024 })
  current_password?: string;
}

export class TokensDto {
  @ApiProperty()
  access_token!: string;

  @ApiProperty({ required: false, description: 'Missing when it was sent as a cookie.' })
  refresh_token?: string;

  @ApiProperty({ example: 'Bearer' })
  token_type!: string;

  @ApiProperty({ description: 'Seconds.', example: 3600 })
  expires_in!: number;

  @ApiProperty({ description: 'Seconds.', example: 86_400 })
  refresh_expires_in!: number;
}

export class MeDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'The same as `id`: the `sub` of tokens.' })
  subject!: string;

  @ApiProperty()
  username!: string;

  @ApiProperty({ type: String, nullable: true })
  email!: string | null;

  @ApiProperty()
  email_verified!: boolean;

  @ApiProperty({ type: String, nullable: true })
  full_name!: string | null;

  @ApiProperty()
  guest!: boolean;

  @ApiProperty({ type: [String] })
  roles!: readonly string[];

  @ApiProperty({ enum: ['jwt', 'apikey'] })
  auth_method!: 'jwt' | 'apikey';

  @ApiProperty({
    required: false,
    description: 'Only while Keycloak cannot be asked: for how many seconds this may be out of date.',
  })
  stale_seconds?: number;
}
