import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Consumer, ConsumerOrigin, Credential, RateLimits } from './consumer.js';

/** `bigint` comes as text; ours stay far below 2^53. */
const NUMBER = { from: Number, to: (value: unknown) => value };

@Entity('consumers')
@Index('consumers_by_username', ['username'], { unique: true, where: 'removed_at IS NULL' })
@Index('consumers_by_custom_id', ['customId'], { unique: true, where: 'removed_at IS NULL' })
@Index('consumers_pending', ['removedAt', 'revision'], { where: 'revision <> applied_revision' })
@Index('consumers_by_age', ['createdAt', 'id'])
export class ConsumerRow {
  /** Of the consumer in Kong. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  origin!: ConsumerOrigin;

  @Column('text')
  username!: string;

  @Column('text', { name: 'custom_id', nullable: true })
  customId!: string | null;

  @Column('text', { array: true })
  tags!: string[];

  /** ACL groups. */
  @Column('text', { array: true })
  groups!: string[];

  @Column('jsonb', { nullable: true })
  limits!: RateLimits | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Set when it should be gone; the row stays until Kong has confirmed that. */
  @Column('timestamptz', { name: 'removed_at', nullable: true })
  removedAt!: Date | null;

  /** When it was last said how it should be. */
  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  /** Rises with every change. */
  @Column('bigint', { transformer: NUMBER })
  revision!: number;

  /** The revision that Kong has: 0 if none, -1 if nobody knows. */
  @Column('bigint', { name: 'applied_revision', transformer: NUMBER })
  appliedRevision!: number;

  /** Why Kong refused it last, without any secret. */
  @Column('text', { nullable: true })
  failure!: string | null;

  /** Refusals in a row. */
  @Column('integer')
  attempts!: number;

  /** Not tried again before this; null: at once. */
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;
}

/** What the row says of the consumer; its credentials are apart. */
export function toConsumer(row: ConsumerRow, credentials: readonly Credential[]): Consumer {
  const { id, origin, username, customId, tags, groups, limits } = row;
  return {
    id,
    origin,
    username,
    customId: customId ?? undefined,
    tags,
    groups,
    limits: limits ?? undefined,
    credentials,
  };
}
