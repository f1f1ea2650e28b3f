import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A batch that was counted: sent again, it is not counted again. */
@Entity('usage_batches')
export class UsageBatchRow {
  @PrimaryColumn('uuid', { name: 'batch_id' })
  batchId!: string;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;
}

/** Requests within an hour; empty text stands for nobody, no key, no service, no reason. */
@Entity('usage_hours')
@Index('usage_hours_by_hour', ['hour'])
export class UsageHourRow {
  @PrimaryColumn('text', { name: 'user_id' })
  userId!: string;

  @PrimaryColumn('text', { name: 'key_id' })
  keyId!: string;

  @PrimaryColumn('timestamptz')
  hour!: Date;

  @PrimaryColumn('text')
  service!: string;

  @PrimaryColumn('integer')
  status!: number;

  @PrimaryColumn('text')
  reason!: string;

  @Column('bigint')
  count!: string;
}
