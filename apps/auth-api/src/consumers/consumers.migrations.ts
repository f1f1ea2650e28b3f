import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateConsumers1763900000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE consumer_revisions;
      CREATE TABLE consumers (
        id uuid NOT NULL CONSTRAINT consumers_pkey PRIMARY KEY,
        origin text NOT NULL,
        username text NOT NULL,
        custom_id text,
        tags text[] NOT NULL,
        groups text[] NOT NULL,
        limits jsonb,
        created_at timestamptz NOT NULL,
        removed_at timestamptz,
        changed_at timestamptz NOT NULL,
        revision bigint NOT NULL,
        applied_revision bigint NOT NULL,
        failure text,
        attempts integer NOT NULL,
        next_attempt_at timestamptz
      );
      CREATE UNIQUE INDEX consumers_by_username ON consumers (username) WHERE removed_at IS NULL;
      CREATE UNIQUE INDEX consumers_by_custom_id ON consumers (custom_id) WHERE removed_at IS NULL;
      CREATE INDEX consumers_pending ON consumers (removed_at, revision) WHERE revision <> applied_revision;
      CREATE INDEX consumers_by_age ON consumers (created_at, id);
      CREATE TABLE consumer_credentials (
        id uuid NOT NULL CONSTRAINT consumer_credentials_pkey PRIMARY KEY,
        consumer_id uuid NOT NULL,
        kind text NOT NULL,
        fields jsonb NOT NULL,
        sealed bytea NOT NULL
      );
      CREATE INDEX consumer_credentials_by_consumer ON consumer_credentials (consumer_id);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE consumer_credentials; DROP TABLE consumers; DROP SEQUENCE consumer_revisions',
    );
  }
}

export class CreateRegistrations1763900000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE registrations (
        key_hash bytea NOT NULL CONSTRAINT registrations_pkey PRIMARY KEY,
        body_hash bytea NOT NULL,
        consumer_id uuid NOT NULL,
        credential_id uuid NOT NULL,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX registrations_by_age ON registrations (created_at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE registrations');
  }
}
