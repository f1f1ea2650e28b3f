// What the guard costs a service: the same answer from an open route and from one behind the guard, turn by turn, each
// request with a gateway identity. `npm run bench:guard -- --seconds 5 --rounds 5`
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { offer } from './offer.mjs';
import { columns, spread } from './report.mjs';
import { IDENTITY_KEY } from './servers.mjs';
import { gatewayIdentity } from './world.mjs';

const CONNECTIONS = 10;
const GOAL_MS = 0.15;
const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '3' }, rounds: { type: 'string', default: '5' } },
});
const [seconds, rounds] = [Number(options.seconds), Number(options.rounds)];

const main = fileURLToPath(new URL('../../dist/test/bench/guarded-service.js', import.meta.url));
const service = fork(main, [], {
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    INTERNAL_PORT: '0',
    KEYCLOAK_URL: 'http://127.0.0.1:1', // nobody is there, and a gateway identity needs nobody
    GATEWAY_IDENTITY_KEY: IDENTITY_KEY,
  },
});
service.once('exit', (code) => process.exit(code ?? 1));
const { port, internalPort } = await new Promise((resolve) => service.once('message', resolve));

/** How many people call: each request of a connection is another one's, so that few or many are remembered. */
const SIDES = [
  { title: 'open route', path: '/open', people: 0 },
  { title: 'guard, 100 people', path: '/closed', people: 100 },
  { title: 'guard, each proof new', path: '/closed', people: Infinity },
];
const measured = SIDES.map(() => []);
for (let round = 0; round <= rounds; round++)
  for (const [index, side] of SIDES.entries()) {
    const result = await measure(side, round === 0 ? 1 : seconds);
    if (round > 0) measured[index].push(result);
  }

const open = measured[0].map(({ cpuMs }) => cpuMs);
const lines = [['', 'per second', 'p50 ms', 'p99 ms', 'CPU ms/req', 'guard CPU ms/req', 'of open']];
for (const [index, all] of measured.entries()) {
  const of = (field) => spread(all.map((one) => one[field]));
  const guard = all.map(({ cpuMs }, round) => cpuMs - open[round]);
  const ratio = all.map(({ perSecond }, round) => perSecond / measured[0][round].perSecond);
  lines.push([
    SIDES[index].title,
    ...['perSecond', 'p50', 'p99', 'cpuMs'].map(of),
    ...(index === 0 ? ['', ''] : [spread(guard), spread(ratio)]),
  ]);
}
console.log(
  `${columns(lines)}\n\ngoal: the guard under ${GOAL_MS} ms CPU a request; load ${loadavg()[0].toFixed(1)}`,
);
service.removeAllListeners('exit');
service.kill();
process.exit();

async function measure({ path, people }, lasts) {
  const before = await cpuMs();
  const offered = await offer({
    url: `http://127.0.0.1:${port}`,
    connections: connections(path, people, lasts),
    steps: 1,
    seconds: lasts,
  });
  await sleep(200);
  const wrong = Object.keys(offered.statuses).filter((status) => status !== '200');
  if (wrong.length > 0) throw new Error(`${path}: unexpected answers ${wrong.join(', ')}`);
  return { ...offered, cpuMs: ((await cpuMs()) - before) / offered.count };
}

function connections(path, people, lasts) {
  const each = people === Infinity ? 1200 * lasts : Math.ceil(people / CONNECTIONS);
  const request = () => ({ method: 'GET', path, headers: { 'x-gateway-identity': proof() } });
  return Array.from({ length: CONNECTIONS }, () =>
    people === 0 ? [{ method: 'GET', path }] : Array.from({ length: each }, request),
  );
}

/** Somebody who was not there before. */
function proof() {
  return gatewayIdentity({ id: randomUUID(), username: 'somebody' }, 'llm-api');
}

async function cpuMs() {
  const text = await (await globalThis.fetch(`http://127.0.0.1:${internalPort}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith('process_cpu_seconds_total{'));
  return Number(line.slice(line.lastIndexOf(' '))) * 1000;
}
