import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ApiKeyRow, CreateApiKeys1763800000004 } from '../../../apps/auth-api/src/api-keys/index.js';
import { AuditEvent, CreateAudit1763800000001 } from '../../../apps/auth-api/src/audit/index.js';
import {
  ConsumerRow,
  CreateConsumers1763900000006,
  CreateRegistrations1763900000011,
  CredentialRow,
  RegistrationRow,
} from '../../../apps/auth-api/src/consumers/index.js';
import { CreateGuests1763800000003, GuestRow } from '../../../apps/auth-api/src/guests/index.js';
import {
  CreateKongSync1763900000009,
  CreateRealmKeys1763900000008,
  RealmKeyRow,
  SyncStateRow,
} from '../../../apps/auth-api/src/kong-sync/index.js';
import { CreateUsers1763800000002, UserRow } from '../../../apps/auth-api/src/users/index.js';
import {
  CreateUsage1763800000005,
  UsageBatchRow,
  UsageHourRow,
} from '../../../apps/auth-api/src/usage/index.js';
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
      entities: [
        AuditEvent,
        UserRow,
        GuestRow,
        ApiKeyRow,
        UsageBatchRow,
        UsageHourRow,
        ConsumerRow,
        CredentialRow,
        RegistrationRow,
        SyncStateRow,
        RealmKeyRow,
      ],
      migrations: [
        CreateAudit1763800000001,
        CreateUsers1763800000002,
        CreateGuests1763800000003,
        CreateApiKeys1763800000004,
        CreateUsage1763800000005,
        CreateConsumers1763900000006,
        CreateRealmKeys1763900000008,
        CreateKongSync1763900000009,
        CreateRegistrations1763900000011,
      ],
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
