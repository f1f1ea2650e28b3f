import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#config';
import { KongNodes } from '#kong-admin';
import { Database } from '#storage';
import { createLogger } from '#telemetry';
import {
  AuditEvent,
  AuditService,
  CreateAudit1763800000001,
} from '../../../apps/auth-api/src/audit/index.js';
import {
  ConsumerRow,
  CreateConsumers1763900000006,
  CredentialRow,
  DesiredConsumers,
} from '../../../apps/auth-api/src/consumers/index.js';
import { DatabaseSync } from '../../../apps/auth-api/src/kong-sync/database-sync.service.js';
import { CreateKongSync1763900000009, SyncStateRow } from '../../../apps/auth-api/src/kong-sync/index.js';
import { KongNode } from '../../../apps/auth-api/src/kong-sync/kong-node.service.js';
import { PacedWriter } from '../../../apps/auth-api/src/kong-sync/paced-writer.service.js';
import { PendingChanges } from '../../../apps/auth-api/src/kong-sync/pending-changes.service.js';
import type { RealmKeysService } from '../../../apps/auth-api/src/kong-sync/realm-keys.service.js';
import { SyncMetrics } from '../../../apps/auth-api/src/kong-sync/sync-metrics.service.js';
import { SyncProgress } from '../../../apps/auth-api/src/kong-sync/sync-progress.service.js';
import { SyncStateRepository } from '../../../apps/auth-api/src/kong-sync/sync-state.repository.js';
import { TopologyFile } from '../../../apps/auth-api/src/kong-sync/topology-file.service.js';
import { UnopenedCredentials } from '../../../apps/auth-api/src/kong-sync/unopened-credentials.service.js';
import { AdminProxy } from '../../support/admin-proxy.js';
import { CREDENTIAL_KEY } from '../../support/auth-api.js';
import { Desired, inventedKey } from '../../support/desired.js';
import { KongProjection } from '../../support/kong-projection.js';
import { createTestDatabase, testStack } from '../../support/stack.js';
import { givenGateway, startGateway } from './gateway.js';

/** Two pages of consumers, and two of keys. */
const MANY = 1100;
const signal = new AbortController().signal;
const stops: (() => Promise<unknown> | void)[] = [];
let proxy: AdminProxy;
let desired: Desired;
let kong: KongProjection;
let engine: DatabaseSync;
let ids: string[];

/** What was asked since the test began, without what stands behind `?`: how often. */
function asked(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path } of proxy.seen) {
    const line = `${method} ${path.split('?')[0]}`;
    if (line !== 'GET /status') counts[line] = (counts[line] ?? 0) + 1;
  }
  return counts;
}

beforeAll(async () => {
  const gateway = givenGateway() ?? (await startGateway());
  stops.push(gateway.close);
  kong = new KongProjection(gateway.adminUrl);
  proxy = await AdminProxy.to(gateway.adminUrl);
  stops.push(() => proxy.stop());
  const databaseUrl = await createTestDatabase('sync_cost');
  engine = await engineOf(databaseUrl, proxy.url);
  desired = await Desired.of(databaseUrl);
  stops.push(() => desired.close());
  ids = await desired.put(Array.from({ length: MANY }, () => ({})));
  await engine.applyPending(signal);
}, 120_000);

beforeEach(() => {
  proxy.seen.length = 0;
});

afterAll(async () => {
  for (const { id } of await kong.list('consumers')) await kong.admin.remove('consumers', id, 'of a test');
  for (const stop of stops.toReversed()) await stop();
}, 120_000);

describe('what Kong is asked', () => {
  it('with nothing to do: every page once, and nothing is written', async () => {
    const { drift } = await engine.reconcile({ force: false, signal });
    expect(drift).toBe(0);
    expect(asked()).toEqual({
      'GET /consumers': 2,
      'GET /key-auths': 2,
      'GET /acls': 1,
      'GET /oauth2': 1,
      'GET /jwts': 1,
      'GET /plugins': 1,
    });
  });

  it('for one change: nothing of anybody else', async () => {
    const [id = ''] = ids;
    const [{ id: old = '' } = {}] = await keysOf(id);
    await desired.put([{ id, keys: [inventedKey()] }]);
    await engine.applyPending(signal);
    const [{ id: made = '' } = {}] = await keysOf(id);
    const nested = ['key-auth', 'acls', 'oauth2', 'jwt', 'plugins'].map(
      (name) => `GET /consumers/${id}/${name}`,
    );
    const lines = [`GET /consumers/${id}`, ...nested, `DELETE /key-auths/${old}`, `PUT /key-auths/${made}`];
    expect(asked()).toEqual(Object.fromEntries(lines.map((line) => [line, 1])));
  });

  it('for one new consumer: two writes', async () => {
    const [id = ''] = await desired.put([{}]);
    await engine.applyPending(signal);
    const [{ id: key = '' } = {}] = await keysOf(id);
    expect(asked()).toEqual({ [`PUT /consumers/${id}`]: 1, [`PUT /key-auths/${key}`]: 1 });
  });

  it('for many removals at once: of kinds that fill no page no consumer is asked for, and nobody loses what is not ours', async () => {
    const removed = ids.slice(1, 61);
    const [foreign = ''] = removed;
    const strange = {
      id: '6f1c2f0e-58f4-4a8e-9a51-0c0e6a3f7b11',
      group: 'of-somebody-else',
      consumer: { id: foreign },
    };
    const [{ id: key = '' } = {}] = await keysOf(foreign);
    await kong.admin.put({ kind: 'acls', entity: strange }, 'of somebody else');
    await desired.remove(removed);
    await engine.applyPending(signal);
    const lines = ['key-auths', 'acls', 'oauth2', 'jwts', 'plugins'].map((kind) => `GET /${kind}`);
    for (const id of removed) lines.push(`GET /consumers/${id}`, `GET /consumers/${id}/key-auth`);
    for (const id of removed) if (id !== foreign) lines.push(`DELETE /consumers/${id}`);
    lines.push(`DELETE /key-auths/${key}`);
    expect(asked()).toEqual(Object.fromEntries(lines.map((line) => [line, 1])));
    expect(await desired.refusals()).toMatchObject([{ id: foreign }]);
    await kong.admin.remove('acls', strange.id, 'of somebody else');
  });
});

async function keysOf(consumer: string) {
  const of = { kind: 'consumers', id: consumer, nested: 'key-auth' } as const;
  return kong.admin.list('key-auths', { of });
}

/** As auth-api puts it together, without its clock. */
async function engineOf(databaseUrl: string, adminUrl: string): Promise<DatabaseSync> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const { realm } = testStack();
  const database = new Database({
    url: databaseUrl,
    poolMax: 4,
    entities: [AuditEvent, ConsumerRow, CredentialRow, SyncStateRow],
    migrations: [CreateAudit1763800000001, CreateConsumers1763900000006, CreateKongSync1763900000009],
    logger,
  });
  database.onModuleInit();
  await database.whenReady;
  stops.push(() => database.onApplicationShutdown());
  const consumers = new DesiredConsumers(database, {
    realm,
    credentialKeys: [new Secret(CREDENTIAL_KEY)],
    publicUrl: 'http://localhost:8000',
    waitForKongMs: 0,
  });
  const nodes = new KongNodes({ urls: [adminUrl], timeoutMs: 10_000, tokenHeader: undefined });
  const options = {
    realm,
    nodeWatchIntervalMs: 1000,
    intervalMs: 300_000,
    mode: 'db',
    topologyFile: undefined,
  } as const;
  const noRealmKeys = { desired: () => Promise.resolve([]) } as unknown as RealmKeysService;
  const node = new KongNode(nodes, options);
  const audit = new AuditService(database);
  const writer = new PacedWriter(new SyncMetrics());
  const progress = new SyncProgress(writer, new SyncStateRepository(database), logger);
  return new DatabaseSync(
    node,
    new TopologyFile(nodes, logger, options),
    consumers,
    new PendingChanges(node, consumers, audit, writer, progress, logger, options),
    writer,
    progress,
    audit,
    database,
    noRealmKeys,
    new UnopenedCredentials(logger),
    options,
  );
}
