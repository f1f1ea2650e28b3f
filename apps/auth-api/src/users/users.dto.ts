import { ApiProperty } from '@nestjs/swagger';

export class UserDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

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

  @ApiProperty({ enum: ['active', 'disabled', 'deleted'] })
  status!: 'active' | 'disabled' | 'deleted';

  @ApiProperty({ type: [String] })
  roles!: readonly string[];
}
