import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1763800000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid NOT NULL CONSTRAINT users_pkey PRIMARY KEY,
        username text NOT NULL,
        email text,
        email_verified boolean NOT NULL,
        full_name text,
        guest boolean NOT NULL,
        enabled boolean NOT NULL,
        roles text[] NOT NULL,
        deleted_at timestamptz,
        version integer NOT NULL,
        read_at timestamptz NOT NULL
      );
      CREATE INDEX users_by_username ON users (username);
      CREATE INDEX users_by_email ON users (email);
      CREATE TABLE user_events_cursor (
        only_row boolean NOT NULL CONSTRAINT user_events_cursor_pkey PRIMARY KEY CHECK (only_row),
        position bigint NOT NULL,
        looked_at timestamptz NOT NULL
      );`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE users; DROP TABLE user_events_cursor');
  }
}
