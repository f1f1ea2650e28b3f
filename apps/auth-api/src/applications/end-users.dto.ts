import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { API_NAMES, type ApiName } from '#config';
import { IsEmailAddress, IsText, Optional } from '#service';
import { ID_SCHEMA, IsApplicationId } from './applications.fields.js';

export class RegisterEndUserDto {
  @ApiProperty({ format: 'email', maxLength: 254 })
  @IsEmailAddress()
  email!: string;

  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: 128,
    description: 'What you call the person, shown to the API; unique over all consumers.',
  })
  @Optional()
  @IsText({ min: 1, max: 128 })
  custom_id?: string;

  @ApiProperty({ enum: [...API_NAMES] })
  @IsIn([...API_NAMES], { message: `must be one of ${API_NAMES.join(', ')}` })
  api!: ApiName;

  @ApiProperty({ ...ID_SCHEMA })
  @IsApplicationId()
  application_id!: string;
}

export class EndUserDto {
  @ApiProperty({ format: 'uuid', description: 'Of the consumer at the gateway.' })
  consumer_id!: string;

  @ApiProperty({ example: 'anne@example.com$echo' })
  username!: string;

  @ApiProperty()
  email!: string;

  @ApiProperty({ type: String, nullable: true })
  custom_id!: string | null;

  @ApiProperty({ enum: [...API_NAMES] })
  api!: ApiName;

  @ApiProperty({ description: 'The gateway knows of it.' })
  active!: boolean;
}
