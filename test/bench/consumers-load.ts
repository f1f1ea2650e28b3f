// Registers clients and drives each against its limit through the gateway; prints what was accepted and refused, and draws
// it into test-results/consumers-load.html. Fails when a client gets through more, or less, than its limit allows.
// `npm run load:consumers -- --clients 20 --requests 90`: a gateway and an auth-api of its own, with production limits.
// `… -- --gateway-url http://localhost:8000 --auth-api-url http://localhost:8080`: those; nothing is started.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table, verdictOf } from './consumers-report.js';
import { drive, register } from './consumers-drive.js';
import { picture } from './consumers-picture.js';
import { givenTarget, ownTarget, type Target } from './consumers-target.js';
import { Progress } from './progress.js';

const OPTIONS = {
  clients: { type: 'string', default: '20' },
  requests: { type: 'string', default: '90' },
  'gateway-url': { type: 'string' },
  'auth-api-url': { type: 'string' },
  'kong-admin-url': { type: 'string' },
} as const;

const { values: flags } = parseArgs({ options: OPTIONS });
const [clients, requests] = [Number(flags.clients), Number(flags.requests)];
const progress = new Progress();

let target: Target | undefined;
try {
  if (!(clients >= 1 && requests >= 1)) throw new Error('--clients and --requests are numbers above 0');
  const { 'gateway-url': gatewayUrl, 'auth-api-url': authApiUrl, 'kong-admin-url': kongAdminUrl } = flags;
  target =
    authApiUrl === undefined
      ? await ownTarget({ gatewayUrl, kongAdminUrl }, progress)
      : givenTarget(gatewayUrl, authApiUrl);
  const run = await drive(target, await register(target, clients, progress), requests, progress);
  process.stdout.write(`${table(run)}\n`);
  const file = join(process.cwd(), 'test-results/consumers-load.html');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, picture(run));
  process.stdout.write(`\n${target.remains}\nPicture: test-results/consumers-load.html\n`);
  if (run.clients.some((client) => verdictOf(client) !== 'held')) process.exitCode = 1;
} catch (error) {
  progress.end();
  process.stderr.write(`load:consumers: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await target?.stop();
  process.exit();
}
