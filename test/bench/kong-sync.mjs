// Measures how Kong is synchronised, beside decK's engine (go-database-reconciler) in the same run: the same consumers, each
// side on a gateway of its own, turn by turn. Prints a table and writes test-results/bench-kong-sync.json; asserts nothing.
// `npm run bench:kong-sync -- --consumers 10000 --rounds 3`, on a real Kong with KONG_ADMIN_URL and `--kong-log error.log`
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { droppedEvents, emptyGateway, holdings } from './kong-sync-gateway.mjs';
import { buildPeer } from './kong-sync-peer.mjs';
import { consumerAt, declarative, TAG } from './kong-sync-world.mjs';
import { columns, spread } from './report.mjs';
import { createDatabase, testStack } from './servers.mjs';

const OURS = fileURLToPath(new URL('kong-sync-ours.mjs', import.meta.url));
const CHANGES = 20;
const { values: options } = parseArgs({
  options: {
    consumers: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    'kong-log': { type: 'string' },
    /** How long a given Kong is left alone after it was emptied, in seconds. */
    settle: { type: 'string', default: '60' },
    /** Only ours. */
    alone: { type: 'boolean', default: false },
  },
});
const [consumers, rounds] = [Number(options.consumers), Number(options.rounds)];
const removed = Math.round(consumers / 10);
const place = { given: process.env.KONG_ADMIN_URL || undefined, settleMs: Number(options.settle) * 1000 };
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

const SCENARIOS = {
  first: `${consumers} new consumers with a key each`,
  rebuild: `the same, into a Kong that lost them`,
  nothing: 'nothing to do',
  change: 'one change (a new key)',
  remove: `delete ${removed}`,
};

const peer = options.alone ? { why: 'not asked for' } : buildPeer();
if (peer.why) console.log(`without go-database-reconciler: ${peer.why}\n`);
const stack = testStack();
const measured = [];
for (let round = 1; round <= rounds; round++) {
  const sides = peer.program ? [ours, theirs] : [ours];
  for (const side of round % 2 === 1 ? sides : sides.toReversed()) await side(round);
}
const report = {
  at: new Date().toISOString(),
  machine: { cpus: cpus().length, model: cpus()[0].model, node: process.version },
  gateway: place.given ? 'given' : 'local-gateway',
  consumers,
  measured,
};
mkdirSync(new URL('../../test-results/', import.meta.url), { recursive: true });
writeFileSync(
  new URL('../../test-results/bench-kong-sync.json', import.meta.url),
  JSON.stringify(report, null, 2),
);
console.log(table());
process.exit();

async function ours(round) {
  const databaseUrl = await createDatabase(stack);
  const credentialKey = randomBytes(32).toString('base64');
  const job = async (name, { adminUrl } = {}, count = consumers) => {
    const task = { job: name, databaseUrl, adminUrl, credentialKey, count, level: 'warn' };
    const flags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
    return JSON.parse((await run(process.execPath, [...flags, OURS, JSON.stringify(task)])).stdout);
  };
  const note = (scenario, gateway, work, expected) =>
    measure({ side: 'ours', round, scenario, gateway, work, expected });
  await job('write');
  await onEmptyGateway(async (gateway) => {
    await note('first', gateway, () => job('pending', gateway), consumers);
    await note('nothing', gateway, () => job('compare', gateway), consumers);
    await note('change', gateway, () => job('changes', gateway, CHANGES), consumers);
  });
  await onEmptyGateway(async (gateway) => {
    await note('rebuild', gateway, () => job('compare', gateway), consumers);
    await note('remove', gateway, () => job('remove', gateway, removed), consumers - removed);
  });
}

async function theirs(round) {
  const all = Array.from({ length: consumers }, (_, at) => consumerAt(at));
  const sync = async ({ adminUrl }, wanted) => {
    const file = join(folder, 'kong.json');
    writeFileSync(file, declarative(wanted));
    return JSON.parse((await run(peer.program, [adminUrl, file, TAG])).stdout);
  };
  const note = (scenario, gateway, wanted) =>
    measure({
      side: 'peer',
      round,
      scenario,
      gateway,
      work: () => sync(gateway, wanted),
      expected: wanted.length,
    });
  const changed = all.with(0, consumerAt(0, 'changed'));
  await onEmptyGateway(async (gateway) => {
    await note('first', gateway, all);
    await note('nothing', gateway, all);
    await note('change', gateway, changed);
    await note('remove', gateway, changed.slice(removed));
  });
}

async function onEmptyGateway(work) {
  const gateway = await emptyGateway(place);
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
  }
}

/** A side that fails is told of, and the others go on. */
async function measure({ side, round, scenario, gateway, work, expected }) {
  process.stderr.write(`round ${round}, ${side}: ${SCENARIOS[scenario]} …\n`);
  const state = () => ({ cpu: gateway.cpuMs(), dropped: droppedEvents(options['kong-log']) });
  const before = state();
  const result = await work().catch((error) => ({ failed: error.message }));
  const after = state();
  const there = await holdings(gateway);
  const isRight = there.consumers === expected && there.keys === expected;
  if (result.failed === undefined && !isRight)
    result.failed = `the gateway has ${there.consumers} consumers and ${there.keys} keys`;
  if (result.failed !== undefined) console.error(`${side}, ${SCENARIOS[scenario]}: ${result.failed}`);
  const gatewayCpuMs = before.cpu === undefined ? undefined : after.cpu - before.cpu;
  const dropped = before.dropped === undefined ? undefined : after.dropped - before.dropped;
  measured.push({ side, round, scenario, ...result, gatewayCpuMs, dropped, load: loadavg()[0] });
}

function table() {
  const head = [
    '',
    'ours ms',
    'peer ms',
    'ratio',
    'CPU ms',
    'gateway CPU ms',
    'reads',
    'writes',
    'peak MB',
    'dropped',
    'load',
  ];
  const lines = [head];
  for (const [scenario, title] of Object.entries(SCENARIOS)) {
    const of = (side, name) => measured.filter((each) => each.side === side && each.scenario === name);
    const mine = of('ours', scenario);
    const other = of('peer', scenario === 'rebuild' ? 'first' : scenario);
    const both = (field) =>
      [mine, other].map((all) => spread(all.map((each) => each[field])) || '–').join(' | ');
    const ratios = mine.map(({ ms, round }) => ms / other.find((each) => each.round === round)?.ms);
    lines.push([
      title,
      spread(mine.map(({ ms }) => ms)),
      spread(other.map(({ ms }) => ms)),
      spread(ratios.filter((ratio) => !Number.isNaN(ratio))),
      ...['cpuMs', 'gatewayCpuMs', 'reads', 'writes', 'peakMB', 'dropped', 'load'].map(both),
    ]);
  }
  return `${columns(lines)}\n\nOf two values the second is the peer's. One change: median of ${CHANGES} of ours, from commit to applied.`;
}
