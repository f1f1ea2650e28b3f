import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Credential } from './consumer.js';

/** What of a credential is no secret. */
export interface CredentialFields {
  readonly name?: string;
  readonly clientId?: string;
  readonly redirectUris?: readonly string[];
}

@Entity('consumer_credentials')
@Index('consumer_credentials_by_consumer', ['consumerId'])
export class CredentialRow {
  /** Of the credential in Kong. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'consumer_id' })
  consumerId!: string;

  @Column('text')
  kind!: Credential['kind'];

  @Column('jsonb')
  fields!: CredentialFields;

  /** The key or client secret, encrypted with CREDENTIAL_KEY: Kong can be rebuilt, a dump of the database is no use. */
  @Column('bytea')
  sealed!: Buffer;
}
