// Measures auth-api: every row beside a baseline in the same run, turn by turn, since other work on the machine changes
// both. Prints a table and writes test-results/bench.json. There is no assertion about time; a wrong answer fails.
// `npm run bench -- --only validate --seconds 5 --rounds 3`
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { offer } from './offer.mjs';
import { table } from './report.mjs';
import { allRows } from './rows.mjs';
import { createDatabase, startAuthApi, startBareServer, testStack } from './servers.mjs';

const WARM_UP_SECONDS = 2;
const PAUSE_MS = 300;
const IDLE_MS = 5000;
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
  },
});
const [seconds, rounds] = [Number(options.seconds), Number(options.rounds)];

const stack = testStack();
const databaseUrl = await createDatabase(stack);
const first = await startAuthApi(stack, databaseUrl);
await first.stop();
const api = await startAuthApi(stack, databaseUrl);
const bare = await startBareServer(databaseUrl);
await sleep(IDLE_MS);
const start = {
  first: { listensMs: first.listensMs, readyMs: first.readyMs },
  again: { listensMs: api.listensMs, readyMs: api.readyMs },
  idleMB: await memoryMB(),
};
console.log(
  `start, empty database: listens after ${seconds3(first.listensMs)}, ready after ${seconds3(first.readyMs)}`,
);
console.log(`start again: listens after ${seconds3(api.listensMs)}, ready after ${seconds3(api.readyMs)}`);
console.log(`memory after ${IDLE_MS / 1000} s idle: ${start.idleMB} MB\n`);

const rows = (await allRows({ api, bare, stack, databaseUrl })).filter(({ name }) =>
  name.startsWith(options.only),
);
const results = [];
for (const row of rows) {
  process.stderr.write(`${row.ours.title} …\n`);
  const measured = [];
  for (let round = 0; round <= rounds; round++) {
    const lasts = round === 0 ? WARM_UP_SECONDS : seconds;
    const baseline = await measure(row.baseline, lasts);
    const ours = await measure(row.ours, lasts);
    await row.after?.();
    if (round > 0) measured.push({ ours, baseline });
  }
  results.push({ row, rounds: measured });
}
const loadedMB = await memoryMB();
console.log(`${table(results)}\n\nmemory after all this: ${loadedMB} MB`);
write();
await Promise.all([api.stop(), bare.stop()]);
process.exit();

/** One side of a row, once. A wrong answer is told and makes the run fail. */
async function measure({ title, server, requests, expected, steps = 1 }, lasts) {
  const connections = await requests(lasts);
  await sleep(PAUSE_MS);
  const before = await counters(server);
  const offered = await offer({ url: server.url, connections, steps, seconds: lasts });
  await sleep(PAUSE_MS);
  const after = await counters(server);
  const wrong = Object.entries(offered.statuses).filter(([status]) => !expected.includes(Number(status)));
  if (wrong.length > 0) {
    console.error(`${title}: unexpected answers ${JSON.stringify(Object.fromEntries(wrong))}`);
    process.exitCode = 1;
  }
  // What was under way at the end has reached the server as well.
  const arrived = offered.count + connections.length;
  const each = (name) => (after === undefined ? undefined : (after[name] - before[name]) / arrived);
  return { ...offered, cpuMs: each('cpuMs'), sql: each('sql'), keycloak: each('keycloak') };
}

async function counters({ metric }) {
  if (metric === undefined) return undefined;
  const polls = await metric('keycloak_requests_total', '-events"');
  return {
    cpuMs: (await metric('process_cpu_seconds_total')) * 1000,
    sql: await metric('storage_statements_total', 'connection="requests"'),
    keycloak: (await metric('keycloak_requests_total')) - polls,
  };
}

async function memoryMB() {
  return Math.round((await api.metric('process_resident_memory_bytes')) / 2 ** 20);
}

function seconds3(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function write() {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0].model,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: loadavg(),
  };
  const measured = results.map(({ row, rounds: all }) => ({
    name: row.name,
    goal: row.goal,
    ours: row.ours.title,
    baseline: row.baseline.title,
    rounds: all,
  }));
  const report = { at: new Date().toISOString(), machine, seconds, start, loadedMB, rows: measured };
  mkdirSync(new URL('../../test-results/', import.meta.url), { recursive: true });
  writeFileSync(new URL('../../test-results/bench.json', import.meta.url), JSON.stringify(report, null, 2));
}
