import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('realm_keys')
export class RealmKeyRow {
  @PrimaryColumn('text')
  kid!: string;

  /** SPKI, as PEM. */
  @Column('text', { name: 'public_key' })
  publicKey!: string;

  @Column('timestamptz', { name: 'first_seen_at' })
  firstSeenAt!: Date;

  /** When it was found to have left the JWKS. The row goes when no token of it can live any more. */
  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt!: Date | null;
}
