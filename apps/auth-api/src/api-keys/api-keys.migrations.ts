import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1763800000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        id uuid NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY,
        user_id uuid NOT NULL,
        name varchar(128) NOT NULL,
        prefix varchar(32) NOT NULL,
        suffix varchar(8) NOT NULL,
        hash varchar(64) NOT NULL,
        scopes text[] NOT NULL,
        tier text,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        replaced_by uuid,
        last_used_at timestamptz,
        created_at timestamptz NOT NULL
      );
      CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (hash);
      CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, id);
      CREATE INDEX api_keys_by_expiry ON api_keys (expires_at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE api_keys');
  }
}
