import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a request with an Idempotency-Key made, so that it can be answered again. The client's key is not in it. */
@Entity('registrations')
@Index('registrations_by_age', ['createdAt'])
export class RegistrationRow {
  /** SHA-256 of the Idempotency-Key: whoever reads this table can not ask for an answer. */
  @PrimaryColumn('bytea', { name: 'key_hash' })
  keyHash!: Buffer;

  /** SHA-256 of what was asked for. */
  @Column('bytea', { name: 'body_hash' })
  bodyHash!: Buffer;

  @Column('uuid', { name: 'consumer_id' })
  consumerId!: string;

  /** The credential whose key was shown. */
  @Column('uuid', { name: 'credential_id' })
  credentialId!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
