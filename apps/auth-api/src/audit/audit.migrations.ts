import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAudit1763800000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_events (
        id uuid NOT NULL CONSTRAINT audit_events_pkey PRIMARY KEY,
        at timestamptz NOT NULL,
        actor uuid,
        action text NOT NULL,
        target text NOT NULL,
        request_id text,
        address text,
        details jsonb NOT NULL
      );
      CREATE INDEX audit_events_by_time ON audit_events (at, id);
      CREATE INDEX audit_events_by_target ON audit_events (target, at);

      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_events; DROP FUNCTION refuse_change()');
  }
}
