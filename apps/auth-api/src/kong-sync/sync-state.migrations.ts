import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateKongSync1763900000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE kong_sync (
        only_row boolean NOT NULL CONSTRAINT kong_sync_pkey PRIMARY KEY,
        reconciled_at timestamptz,
        drift integer NOT NULL,
        blocked text[] NOT NULL,
        held text,
        failure text,
        changed_at timestamptz NOT NULL,
        in_sync boolean NOT NULL,
        requested_at timestamptz,
        force boolean NOT NULL,
        done integer,
        total integer
      );
      INSERT INTO kong_sync (only_row, drift, blocked, changed_at, in_sync, force)
      VALUES (true, 0, '{}', now(), false, false);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE kong_sync');
  }
}
