// Our side of `npm run bench:kong-sync`: the compiled engine of auth-api, put together by hand, with no HTTP before it. One
// job a process, so that the memory it took is that of the job; prints what it took as one line of JSON.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { built, consumerAt, REALM } from './kong-sync-world.mjs';

// As the program itself begins.
const { endLeanStart } = await built('apps/auth-api/src/lean-start');
const { Secret } = await built('libs/config/src/index');
const { Database, Locks } = await built('libs/storage/src/index');
const { createLogger, registry } = await built('libs/telemetry/src/index');
const { KongNodes } = await built('libs/kong-admin/src/index');
const { AuditEvent, AuditService, CreateAudit1763800000001 } = await built('apps/auth-api/src/audit/index');
const { ConsumerRow, CreateConsumers1763900000006, CredentialRow, DesiredConsumers } = await built(
  'apps/auth-api/src/consumers/index',
);
const { CreateKongSync1763900000009, SyncStateRow } = await built('apps/auth-api/src/kong-sync/index');
const { DatabaseSync } = await built('apps/auth-api/src/kong-sync/database-sync.service');
const { KongNode } = await built('apps/auth-api/src/kong-sync/kong-node.service');
const { KongSync } = await built('apps/auth-api/src/kong-sync/kong-sync.service');
const { PacedWriter } = await built('apps/auth-api/src/kong-sync/paced-writer.service');
const { PendingChanges } = await built('apps/auth-api/src/kong-sync/pending-changes.service');
const { SyncMetrics } = await built('apps/auth-api/src/kong-sync/sync-metrics.service');
const { SyncProgress } = await built('apps/auth-api/src/kong-sync/sync-progress.service');
const { SyncStateRepository } = await built('apps/auth-api/src/kong-sync/sync-state.repository');
const { TopologyFile } = await built('apps/auth-api/src/kong-sync/topology-file.service');
const { UnopenedCredentials } = await built('apps/auth-api/src/kong-sync/unopened-credentials.service');

const PER_TRANSACTION = 500;
const { job, databaseUrl, adminUrl, credentialKey, count, level } = JSON.parse(process.argv[2]);

const logger = createLogger({ service: 'bench', level });
const storage = {
  url: databaseUrl,
  poolMax: 10,
  entities: [AuditEvent, ConsumerRow, CredentialRow, SyncStateRow],
  migrations: [CreateAudit1763800000001, CreateConsumers1763900000006, CreateKongSync1763900000009],
  logger,
};
const options = { realm: REALM, nodeWatchIntervalMs: 1000, intervalMs: 300_000, mode: 'db' };
const database = new Database(storage);
const locks = new Locks(storage);
const desired = new DesiredConsumers(database, {
  realm: REALM,
  credentialKeys: [new Secret(credentialKey)],
  publicUrl: 'http://localhost:8000',
  waitForKongMs: 0,
});
const nodes = new KongNodes({ urls: [adminUrl], timeoutMs: 5000 });
const state = new SyncStateRepository(database);
const metrics = new SyncMetrics();
/** Nothing of the realm's keys is in a Kong whose plugin is ours. */
const realmKeys = { desired: async () => [], onChange: () => undefined };
const node = new KongNode(nodes, options);
const audit = new AuditService(database);
const writer = new PacedWriter(metrics);
const progress = new SyncProgress(writer, state, logger);
const engine = new DatabaseSync(
  node,
  new TopologyFile(nodes, logger, options),
  desired,
  new PendingChanges(node, desired, audit, writer, progress, logger, options),
  writer,
  progress,
  audit,
  database,
  realmKeys,
  new UnopenedCredentials(logger),
  options,
);

database.onModuleInit();
await database.whenReady;
endLeanStart();
const { signal } = new globalThis.AbortController();
const jobs = {
  /** What should be in Kong. The consumers are those of the peer's file. */
  async write() {
    const ids = Array.from({ length: count }, (_, at) => at);
    while (ids.length > 0) await put(ids.splice(0, PER_TRANSACTION).map((at) => consumer(at)));
    return {};
  },
  pending: () => timed(() => engine.applyPending(signal)),
  compare: () => timed(() => engine.reconcile({ force: false, signal })),
  /** As in a running auth-api: from the commit until Kong has it and we know. */
  async changes() {
    // What Kong is asked by the first comparison belongs to none of the changes.
    await state.compared(new Date(), { drift: 0, blocked: [], held: undefined });
    const watch = { onReturn: () => undefined };
    const sync = new KongSync(
      watch,
      realmKeys,
      desired,
      nodes,
      state,
      database,
      locks,
      metrics,
      engine,
      logger,
      options,
    );
    sync.onApplicationBootstrap();
    const each = [];
    const before = await requests();
    for (let at = 0; at < count; at++) {
      const changed = consumer(at, 'changed');
      await put([changed]);
      const began = performance.now();
      if (!(await desired.whenApplied(changed.id, 10_000)))
        throw new Error('a change was not applied within 10 s');
      each.push(performance.now() - began);
    }
    const after = await requests();
    await sync.onApplicationShutdown();
    const per = (name) => (after[name] - before[name]) / count;
    each.sort((a, b) => a - b);
    return {
      ms: each[Math.floor(count / 2)],
      worstMs: each.at(-1),
      reads: per('reads'),
      writes: per('writes'),
      peakMB: peakMB(),
    };
  },
  async remove() {
    const ids = Array.from({ length: count }, (_, at) => consumerAt(at).id);
    await desired.transaction((manager) => desired.remove(manager, ids));
    return timed(() => engine.applyPending(signal));
  },
};
console.log(JSON.stringify(await jobs[job]()));
await locks.onApplicationShutdown();
await database.onApplicationShutdown();
process.exit();

async function timed(work) {
  const [began, idleMB] = [performance.now(), peakMB()];
  const cpu = process.cpuUsage();
  await work();
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, ...(await requests()), idleMB, peakMB: peakMB() };
}

function put(consumers) {
  return desired.transaction(async (manager) => {
    for (const each of consumers) await desired.put(manager, each);
  });
}

function consumer(at, change) {
  const { key, keyId, ...rest } = consumerAt(at, change);
  const credential = { kind: 'key-auth', id: keyId, key: new Secret(key) };
  return { ...rest, origin: 'registration', groups: [], credentials: [credential] };
}

/** Answers of Kong's Admin API to this process. */
async function requests() {
  const { values } = await registry.getSingleMetric('kong_admin_requests_total').get();
  const counted = { reads: 0, writes: 0 };
  for (const { labels, value } of values)
    counted[/^(put|delete|load)-/.test(labels.operation) ? 'writes' : 'reads'] += value;
  return counted;
}

/** The largest this process has been in memory. */
function peakMB() {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}
