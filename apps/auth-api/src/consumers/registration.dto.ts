import { ApiProperty } from '@nestjs/swagger';
import { IsEmailAddress, IsText, Trimmed } from '#service';

export class RegisterDto {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'DemoApp' })
  @Trimmed()
  @IsText({ min: 1, max: 100 })
  client_name!: string;

  @ApiProperty({ format: 'email', maxLength: 254, example: 'demo@example.com' })
  @Trimmed()
  @IsEmailAddress()
  email!: string;
}

export class RegisteredDto {
  @ApiProperty({ enum: [true] })
  success!: boolean;

  @ApiProperty({ format: 'uuid', description: 'Of the consumer, here and in Kong.' })
  consumer_id!: string;

  @ApiProperty({ example: 'demoapp-3f9c1a2b7d' })
  username!: string;

  @ApiProperty({ description: 'The key itself. Keep it: it cannot be asked for again.' })
  apikey!: string;

  @ApiProperty({ format: 'uri', example: 'http://localhost:8000/api/' })
  proxy_url!: string;

  @ApiProperty({ example: 'Use apikey in header: apikey: <key>' })
  message!: string;

  @ApiProperty({ description: 'Whether the key works already; else as soon as the gateway has it.' })
  active!: boolean;
}
