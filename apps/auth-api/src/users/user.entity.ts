import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { User } from './user.js';

@Entity('users')
@Index('users_by_username', ['username'])
@Index('users_by_email', ['email'])
export class UserRow {
  /** Keycloak's id. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  username!: string;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('boolean', { name: 'email_verified' })
  emailVerified!: boolean;

  @Column('text', { name: 'full_name', nullable: true })
  fullName!: string | null;

  @Column('boolean')
  guest!: boolean;

  @Column('boolean')
  enabled!: boolean;

  @Column('text', { array: true })
  roles!: string[];

  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;

  @Column('integer')
  version!: number;

  @Column('timestamptz', { name: 'read_at' })
  readAt!: Date;
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    email: row.email ?? undefined,
    emailVerified: row.emailVerified,
    fullName: row.fullName ?? undefined,
    guest: row.guest,
    enabled: row.enabled,
    deleted: row.deletedAt !== null,
    roles: row.roles,
    version: row.version,
    readAt: row.readAt,
  };
}
