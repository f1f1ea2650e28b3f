import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRealmKeys1763900000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE realm_keys (
        kid text NOT NULL CONSTRAINT realm_keys_pkey PRIMARY KEY,
        public_key text NOT NULL,
        first_seen_at timestamptz NOT NULL,
        retired_at timestamptz
      );`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE realm_keys');
  }
}
