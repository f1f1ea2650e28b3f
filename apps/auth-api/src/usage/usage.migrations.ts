import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsage1763800000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE usage_batches (
        batch_id uuid NOT NULL CONSTRAINT usage_batches_pkey PRIMARY KEY,
        received_at timestamptz NOT NULL
      );
      CREATE TABLE usage_hours (
        hour timestamptz NOT NULL,
        user_id text NOT NULL,
        key_id text NOT NULL,
        service text NOT NULL,
        status integer NOT NULL,
        reason text NOT NULL,
        count bigint NOT NULL,
        CONSTRAINT usage_hours_pkey PRIMARY KEY (user_id, key_id, hour, service, status, reason)
      );
      CREATE INDEX usage_hours_by_hour ON usage_hours (hour);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE usage_batches; DROP TABLE usage_hours');
  }
}
