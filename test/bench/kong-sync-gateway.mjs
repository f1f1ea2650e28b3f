// The gateways of `npm run bench:kong-sync`: stand-ins started fresh, or a given Kong that is emptied.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { built, TAG } from './kong-sync-world.mjs';

const { KongAdmin, KongNodes, Pace } = await built('libs/kong-admin/src/index');
const PROGRAM = fileURLToPath(new URL('../../dist/apps/local-gateway/src/main.js', import.meta.url));
const MS_PER_TICK = 10;

/**
 * @typedef {object} Gateway
 * @property {string} adminUrl
 * @property {() => number | undefined} cpuMs that it has taken so far; unknown of a given Kong
 * @property {() => Promise<void>} stop
 */

/** Without anything of ours in it. @returns {Promise<Gateway>} */
export async function emptyGateway({ given, settleMs }) {
  if (given === undefined) return standIn();
  const admin = adminOf(given);
  const pace = new Pace();
  const consumers = await admin.list('consumers', { tag: TAG });
  await Promise.all(
    consumers.map(({ id }) => pace.run(() => admin.remove('consumers', id, 'of a benchmark'))),
  );
  // It works on what it has answered long ago: none of that is to be counted.
  if (consumers.length > 0) await sleep(settleMs);
  return { adminUrl: given, cpuMs: () => undefined, stop: async () => undefined };
}

/** How many consumers and keys of ours it has. */
export async function holdings({ adminUrl }) {
  const admin = adminOf(adminUrl);
  const [consumers, keys] = await Promise.all([
    admin.list('consumers', { tag: TAG }),
    admin.list('key-auths', { tag: TAG }),
  ]);
  return { consumers: consumers.length, keys: keys.length };
}

/** Lines of Kong's error log that tell of an event it dropped. */
export function droppedEvents(logFile) {
  if (logFile === undefined) return undefined;
  return readFileSync(logFile, 'utf8').match(/queue overflow|failed to propagate/g)?.length ?? 0;
}

function adminOf(url) {
  return new KongAdmin(new KongNodes({ urls: [url], timeoutMs: 10_000, tokenHeader: undefined }), url);
}

async function standIn() {
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      GATEWAY_PROXY_PORT: '0',
      GATEWAY_ADMIN_PORT: '0',
      GATEWAY_LOG_LEVEL: 'silent',
      GATEWAY_PLUGINS_PATH: mkdtempSync(join(tmpdir(), 'no-plugins-')),
    },
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return {
    adminUrl: `http://127.0.0.1:${JSON.parse(line).admin_port}`,
    cpuMs: () => {
      const [, , ...fields] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
      return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
    },
    stop,
  };
}
