import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../../apps/auth-api/src/app.schema.js';
import { createTestDatabase } from '../../support/stack.js';

describe('the tables that migrations make', () => {
  let source: DataSource;
  const pending = async (): Promise<string[]> => {
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query).filter((query) => !query.includes('user_events_cursor'));
  };

  beforeAll(async () => {
    source = await new DataSource({
      type: 'postgres',
      url: await createTestDatabase('migrations'),
      entities: ENTITIES,
      migrations: MIGRATIONS,
    }).initialize();
    await source.runMigrations();
  });
  afterAll(() => source.destroy());

  it('are the ones that the code reads and writes', async () => {
    expect(await pending()).toEqual([]);
  });

  it('would be told apart from the code by one missing column', async () => {
    await source.query('ALTER TABLE api_keys DROP COLUMN tier');
    expect(await pending()).not.toEqual([]);
    await source.query('ALTER TABLE api_keys ADD COLUMN tier text');
    expect(await pending()).toEqual([]);
  });

  it('can be taken back, one after another', async () => {
    for (let left = source.migrations.length; left > 0; left--) await source.undoLastMigration();
    const [row] = await source.query<{ count: string }[]>(
      `SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    expect(Number(row?.count)).toBe(0);
  });
});
