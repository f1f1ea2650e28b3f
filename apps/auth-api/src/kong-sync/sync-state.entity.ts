import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row: what the last look at Kong as a whole found, for every process. */
@Entity('kong_sync')
export class SyncStateRow {
  @PrimaryColumn('boolean', { name: 'only_row' })
  onlyRow!: boolean;

  /** When Kong as a whole was last compared, and made what it should be as far as that was possible. */
  @Column('timestamptz', { name: 'reconciled_at', nullable: true })
  reconciledAt!: Date | null;

  /** What differed then although nobody had changed it here. */
  @Column('integer')
  drift!: number;

  /** What could not be made so, and why, a line each. */
  @Column('text', { array: true })
  blocked!: string[];

  /** Why nothing was done: the plan waits for a person. */
  @Column('text', { nullable: true })
  held!: string | null;

  /** Why Kong could not be compared at the last attempt. */
  @Column('text', { nullable: true })
  failure!: string | null;

  /** Since when Kong has, or does not have, everything that it should. */
  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('boolean', { name: 'in_sync' })
  inSync!: boolean;

  /** Somebody asked for a comparison; the next one answers it. */
  @Column('timestamptz', { name: 'requested_at', nullable: true })
  requestedAt!: Date | null;

  /** He agreed that much is deleted. */
  @Column('boolean')
  force!: boolean;

  /** Of what is being done: steps done, and all. */
  @Column('integer', { nullable: true })
  done!: number | null;

  @Column('integer', { nullable: true })
  total!: number | null;
}
