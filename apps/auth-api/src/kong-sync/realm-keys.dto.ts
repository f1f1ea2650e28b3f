import { ApiProperty } from '@nestjs/swagger';

export class RealmKeyDto {
  @ApiProperty()
  kid!: string;

  @ApiProperty({
    enum: ['active', 'retired'],
    description:
      'active: the realm publishes it. retired: it does not any more; its tokens may not have expired.',
  })
  status!: 'active' | 'retired';

  @ApiProperty({ format: 'date-time', description: 'Since when it has been known, or retired.' })
  since!: string;
}

export class RealmKeysDto {
  @ApiProperty({ type: [RealmKeyDto], description: 'By which tokens are verified.' })
  keys!: RealmKeyDto[];
}

export class RefreshedKeysDto extends RealmKeysDto {
  @ApiProperty({
    type: [String],
    description: 'Kids that the realm has withdrawn: their tokens are refused now.',
  })
  removed!: readonly string[];

  @ApiProperty({
    type: 'integer',
    description:
      'Gateway nodes that have not confirmed it. They are told again, or ask by themselves within a minute.',
  })
  nodes_pending!: number;
}

export class RotatedKeyDto {
  @ApiProperty({ description: 'Signs from now on.' })
  kid!: string;

  @ApiProperty({ description: 'Signs no more; its tokens are good until they expire.' })
  previous_kid!: string;
}
