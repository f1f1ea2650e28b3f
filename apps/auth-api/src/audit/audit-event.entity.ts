import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One row of the audit trail. The table refuses updates and deletes (see the migration). */
@Entity('audit_events')
@Index('audit_events_by_time', ['at', 'id'])
@Index('audit_events_by_target', ['target', 'at'])
export class AuditEvent {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('timestamptz')
  at!: Date;

  /** Keycloak id of who did it; null for the system itself and for callers that nobody knows yet. */
  @Column('uuid', { nullable: true })
  actor!: string | null;

  /** `module.verb`, such as `api-key.revoked`. */
  @Column('text')
  action!: string;

  /** `kind:id` of what it was done to. */
  @Column('text')
  target!: string;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  @Column('text', { nullable: true })
  address!: string | null;

  /** What a reader needs beyond the action: never a secret. */
  @Column('jsonb')
  details!: Record<string, unknown>;
}
