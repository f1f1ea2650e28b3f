// `npm run kong:apply` makes every Kong node of KONG_ADMIN_URLS hold the topology, heeding the settings of options.ts.
// `-- --dry-run` says what it would do and writes nothing, `-- --force` also deletes much.
import { parseArgs } from 'node:util';
import { parseSettings, setting } from '#config';
import { KongNodes, linesOf, readTls, summary, TLS_SETTINGS } from '#kong-admin';
import { type Loaded, loadTopology } from './load.js';
import { topologyOptions } from './options.js';
import { topology } from './topology.js';

const SETTINGS = {
  KONG_ADMIN_URLS: setting.urls('Admin API of every Kong node, with commas between.').default([]),
  KONG_ADMIN_TOKEN_HEADER: setting.text('Header that carries KONG_ADMIN_TOKEN.').default('Kong-Admin-Token'),
  KONG_ADMIN_TOKEN: setting.secret('Token for an Admin API that asks for one.', { minLength: 16 }).optional(),
  ...TLS_SETTINGS,
};
const OPTIONS = { 'dry-run': { type: 'boolean' }, force: { type: 'boolean' } } as const;

try {
  const { values: flags } = parseArgs({ options: OPTIONS });
  const { KONG_ADMIN_URLS: urls, ...given } = parseSettings(SETTINGS, process.env);
  if (urls.length === 0) throw new Error('KONG_ADMIN_URLS is empty: name the Admin API of each node');
  const token = given.KONG_ADMIN_TOKEN;
  const tokenHeader = token && { name: given.KONG_ADMIN_TOKEN_HEADER, value: token };
  const nodes = new KongNodes({ urls, timeoutMs: 10_000, tokenHeader, tls: readTls(given) });
  const wanted = topology(topologyOptions(process.env));
  for (const url of urls) {
    const loaded = await loadTopology(nodes, url, wanted, { dryRun: flags['dry-run'], force: flags.force });
    for (const line of report(loaded, flags['dry-run'] === true))
      process.stdout.write(`${url} (${loaded.mode}): ${line}\n`);
  }
} catch (error) {
  process.stderr.write(`kong:apply: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

function report({ plan }: Loaded, isDryRun: boolean): readonly string[] {
  if (plan === undefined) return ['nothing to do, it holds this configuration'];
  return isDryRun ? linesOf(plan) : [summary(plan)];
}
