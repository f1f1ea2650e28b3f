import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A key as we keep it: never the key itself. */
@Entity('api_keys')
@Index('api_keys_by_hash', ['hash'], { unique: true })
@Index('api_keys_by_user', ['userId', 'createdAt', 'id'])
@Index('api_keys_by_expiry', ['expiresAt'])
export class ApiKeyRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('varchar', { length: 128 })
  name!: string;

  /** First characters, for display. */
  @Column('varchar', { length: 32 })
  prefix!: string;

  /** Last characters, for display. */
  @Column('varchar', { length: 8 })
  suffix!: string;

  /** SHA-256 of the key, hex. */
  @Column('varchar', { length: 64 })
  hash!: string;

  @Column('text', { array: true })
  scopes!: string[];

  /** A named tier of limits; null is the tier of all keys. */
  @Column('text', { nullable: true })
  tier!: string | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** The key that a rotation put in place of this one. */
  @Column('uuid', { name: 'replaced_by', nullable: true })
  replacedBy!: string | null;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
