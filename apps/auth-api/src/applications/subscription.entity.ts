import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ApiName } from '#config';
import type { PlanName } from './plans.js';
import type { Auth, SubscriptionStatus } from './subscription.js';

@Entity('subscriptions')
@Index('subscriptions_by_application', ['applicationId', 'api'], { unique: true })
@Index('subscriptions_by_status', ['status', 'applicationId'])
export class SubscriptionRow {
  /** The custom_id of its consumer. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'application_id' })
  applicationId!: string;

  /** Of the consumer that it is, or will be, in Kong; null in the implicit flow, where its users are. */
  @Column('uuid', { name: 'consumer_id', nullable: true })
  consumerId!: string | null;

  @Column('text')
  api!: ApiName;

  @Column('text')
  auth!: Auth;

  @Column('text')
  plan!: PlanName;

  @Column('text')
  status!: SubscriptionStatus;

  /** What the administrator said to a refusal. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;
}
