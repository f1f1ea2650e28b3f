import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateResponses1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE responses (
        id uuid NOT NULL CONSTRAINT responses_pkey PRIMARY KEY,
        owner_id text NOT NULL,
        previous_id uuid,
        input jsonb NOT NULL,
        completion jsonb NOT NULL,
        settings jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX responses_by_owner ON responses (owner_id);
      CREATE INDEX responses_by_expiry ON responses (expires_at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE responses');
  }
}
