import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class AliveDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

export class KeysHealthDto {
  @ApiProperty()
  loaded!: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Since the realm keys were last read.' })
  age_seconds!: number | null;
}

export class ReadinessDto {
  @ApiProperty({
    enum: ['ok', 'degraded', 'unavailable'],
    description: 'degraded: sign-in does not work at the moment.',
  })
  status!: 'ok' | 'degraded' | 'unavailable';

  @ApiPropertyOptional({ enum: ['up', 'down'], description: 'Left out where the service has none.' })
  database?: 'up' | 'down';

  @ApiProperty({ enum: ['up', 'down'] })
  keycloak!: 'up' | 'down';

  @ApiProperty({ type: KeysHealthDto })
  keys!: KeysHealthDto;
}

export class AuthHealthDto {
  @ApiProperty({ enum: ['ok', 'unavailable'] })
  status!: 'ok' | 'unavailable';

  @ApiProperty({ enum: ['up', 'down'] })
  keycloak!: 'up' | 'down';

  @ApiProperty({ type: KeysHealthDto })
  keys!: KeysHealthDto;

  @ApiProperty({
    enum: ['active', 'logging', 'inactive'],
    description: 'Whether a request without credentials is refused; logging: it is let through on purpose.',
  })
  guard!: 'active' | 'logging' | 'inactive';
}
