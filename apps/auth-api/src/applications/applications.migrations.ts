import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApplications1763900000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE applications (
        id text NOT NULL CONSTRAINT applications_pkey PRIMARY KEY,
        owner uuid NOT NULL,
        name text NOT NULL,
        redirect_uri text,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX applications_by_owner ON applications (owner, id);
      CREATE TABLE subscriptions (
        id uuid NOT NULL CONSTRAINT subscriptions_pkey PRIMARY KEY,
        application_id text NOT NULL,
        consumer_id uuid,
        api text NOT NULL,
        auth text NOT NULL,
        plan text NOT NULL,
        status text NOT NULL,
        reason text,
        created_at timestamptz NOT NULL,
        decided_at timestamptz
      );
      CREATE UNIQUE INDEX subscriptions_by_application ON subscriptions (application_id, api);
      CREATE INDEX subscriptions_by_status ON subscriptions (status, application_id);
      CREATE TABLE end_users (
        id uuid NOT NULL CONSTRAINT end_users_pkey PRIMARY KEY,
        api text NOT NULL,
        email text NOT NULL,
        custom_id text,
        created_at timestamptz NOT NULL
      );
      CREATE TABLE application_end_users (
        application_id text NOT NULL,
        end_user_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT application_end_users_pkey PRIMARY KEY (application_id, end_user_id)
      );
      CREATE INDEX application_end_users_by_end_user ON application_end_users (end_user_id);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE application_end_users; DROP TABLE end_users; DROP TABLE subscriptions; DROP TABLE applications',
    );
  }
}
