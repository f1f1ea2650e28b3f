import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('applications')
@Index('applications_by_owner', ['owner', 'id'])
export class ApplicationRow {
  /** Chosen by the owner: a slug, the first half of the consumers' names. */
  @PrimaryColumn('text')
  id!: string;

  /** Keycloak's id of the person. */
  @Column('uuid')
  owner!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'redirect_uri', nullable: true })
  redirectUri!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
