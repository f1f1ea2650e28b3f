import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGuests1763800000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE guests (
        username text NOT NULL CONSTRAINT guests_pkey PRIMARY KEY,
        user_id uuid,
        state text NOT NULL,
        worker text,
        client_network text,
        created_at timestamptz NOT NULL,
        state_changed_at timestamptz NOT NULL,
        session_ends_at timestamptz
      );
      CREATE UNIQUE INDEX guests_by_user ON guests (user_id);
      CREATE INDEX guests_by_state ON guests (state, session_ends_at);
      CREATE INDEX guests_by_network ON guests (client_network, created_at);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE guests');
  }
}
