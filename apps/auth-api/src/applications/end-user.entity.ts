import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ApiName } from '#config';

/** Somebody who uses applications of the implicit flow, at one API. There while an application counts on it. */
@Entity('end_users')
export class EndUserRow {
  /** Of the consumer in Kong. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  api!: ApiName;

  /** In small letters. */
  @Column('text')
  email!: string;

  /** What the authorization server calls him; shown to the API. */
  @Column('text', { name: 'custom_id', nullable: true })
  customId!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}

/** One application's use of an end user. */
@Entity('application_end_users')
@Index('application_end_users_by_end_user', ['endUserId'])
export class ApplicationEndUserRow {
  @PrimaryColumn('text', { name: 'application_id' })
  applicationId!: string;

  @PrimaryColumn('uuid', { name: 'end_user_id' })
  endUserId!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
