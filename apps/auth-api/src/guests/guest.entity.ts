import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { GuestState } from './guest.js';

@Entity('guests')
@Index('guests_by_user', ['userId'], { unique: true })
@Index('guests_by_state', ['state', 'sessionEndsAt'])
@Index('guests_by_network', ['clientNetwork', 'createdAt'])
export class GuestRow {
  /** Chosen before the user exists in Keycloak, so that a creation that was cut off can be found there. */
  @PrimaryColumn('text')
  username!: string;

  /** Keycloak's id; null until the user exists. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text')
  state!: GuestState;

  /** The process that is at work in `creating` or `upgrading`. */
  @Column('text', { name: 'worker', nullable: true })
  worker!: string | null;

  /** For the daily limit; forgotten after a day. */
  @Column('text', { name: 'client_network', nullable: true })
  clientNetwork!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'state_changed_at' })
  stateChangedAt!: Date;

  @Column('timestamptz', { name: 'session_ends_at', nullable: true })
  sessionEndsAt!: Date | null;
}
