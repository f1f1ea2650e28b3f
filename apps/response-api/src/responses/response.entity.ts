import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ChatMessage, Completion, ResponseSettings } from './response.js';

/** A response that is kept for its owner. */
@Entity('responses')
@Index('responses_by_owner', ['ownerId'])
@Index('responses_by_expiry', ['expiresAt'])
export class ResponseRow {
  @PrimaryColumn('uuid')
  id!: string;

  /** Keycloak's id of a person, Kong's of an application. A guest who upgrades keeps his, and so what is kept for him. */
  @Column('text', { name: 'owner_id' })
  ownerId!: string;

  /** The response that this one continues. */
  @Column('uuid', { name: 'previous_id', nullable: true })
  previousId!: string | null;

  @Column('jsonb')
  input!: readonly ChatMessage[];

  @Column('jsonb')
  completion!: Completion;

  @Column('jsonb')
  settings!: ResponseSettings;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
