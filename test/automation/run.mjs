// Runs the Postman collections with newman and writes test-results/newman.json; exits with 1 when something failed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import newman from 'newman';
import { startOwn } from './own-edge.mjs';

const USAGE = `usage: node test/automation/run.mjs [--own] [--strict] [--verbose] [--env-var name=value] …
  against what \`make up\` started; or with --own against a gateway and services of its own on the test stack
  --env-var    a variable of the collections, such as llm_api_url; without --own also from the environment: LLM_API_URL
  --strict     what is skipped counts as failed
  --verbose    newman's own report of every request`;

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const COLLECTIONS = ['auth-postman-scripts.json', 'api-key-flows.json'];

const flags = readFlags();
if (flags.help) {
  console.log(USAGE);
  process.exit(0);
}

const collections = COLLECTIONS.map((file) => JSON.parse(readFileSync(join(here, file), 'utf8')));
const own = flags.own ? await startOwn(root) : undefined;
const results = [];
try {
  const found = own?.variables ?? { ...(await runningStack()), ...fromEnvironment() };
  const variables = { ...found, ...fromFlags() };
  const url = variables.llm_api_url ?? collections[0].variable.find(({ key }) => key === 'llm_api_url').value;
  const reason = await whyUnreachable(url);
  if (reason === undefined)
    for (const collection of collections) results.push(await run(collection, variables));
  else results.push(unreachable(url, reason));
} finally {
  await own?.stop();
}
finish();

function readFlags() {
  const flag = { type: 'boolean', default: false };
  const options = { own: flag, strict: flag, verbose: flag, help: flag };
  try {
    const envVar = { type: 'string', multiple: true, default: [] };
    return parseArgs({ options: { ...options, 'env-var': envVar } }).values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

async function run(collection, variables) {
  const suites = new Map(
    collection.item.map(({ name }) => [name, { name, passed: 0, failed: 0, skipped: 0 }]),
  );
  const failures = [];
  const skips = [];
  const of = (item) => suites.get(suiteOf(item)) ?? suites.values().next().value;
  const envVar = Object.entries(variables).map(([key, value]) => ({ key, value }));
  const reporters = flags.verbose ? ['cli'] : [];
  await new Promise((resolve, reject) => {
    const emitter = newman.run(
      { collection, envVar, reporters, timeoutRequest: 30_000 },
      (error, summary) => {
        if (error) return reject(error);
        for (const { source, error: fault } of summary.run.failures) {
          of(source).failed += 1;
          const where = source ? `${suiteOf(source)} › ${source.name}` : collection.info.name;
          failures.push(scrub(`${where} › ${fault.test ? `${fault.test}: ` : ''}${fault.message}`));
        }
        resolve();
      },
    );
    emitter.on('assertion', (error, { assertion, skipped, item }) => {
      if (skipped) {
        of(item).skipped += 1;
        skips.push(`${suiteOf(item)} › ${assertion}`);
      } else if (!error) of(item).passed += 1;
    });
  });
  return report({ name: collection.info.name, suites: [...suites.values()], failures, skips });
}

/** The folder of the collection that an item is in. */
function suiteOf(item) {
  let suite = item;
  while (suite?.parent?.()?.parent?.()) suite = suite.parent();
  return suite?.name;
}

function report(result) {
  console.log(`\n${result.name}`);
  const width = Math.max(...result.suites.map(({ name }) => name.length));
  for (const { name, passed, failed, skipped } of result.suites) {
    const more = [
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ];
    console.log(
      `  ${failed > 0 ? '✗' : '✓'} ${name.padEnd(width)}  ${String(passed).padStart(3)} passed${more.map((text) => `, ${text}`).join('')}`,
    );
  }
  for (const failure of result.failures) console.log(`  failed:  ${failure}`);
  for (const skip of result.skips) console.log(`  skipped: ${skip}`);
  return result;
}

function finish() {
  const sum = (key) =>
    results.flatMap(({ suites }) => suites).reduce((total, suite) => total + suite[key], 0);
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(sum);
  mkdirSync(join(root, 'test-results'), { recursive: true });
  const summary = { passed, failed, skipped, collections: results };
  writeFileSync(join(root, 'test-results/newman.json'), `${JSON.stringify(summary, null, 2)}\n`);
  console.log(`\nnewman: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 || (flags.strict && skipped > 0) ? 1 : 0);
}

/** Addresses and secrets of the stack that `make up` started from this checkout, if it runs. */
async function runningStack() {
  const built = (name) => import(join(root, 'dist/apps/local-stack/src', name));
  if (!existsSync(join(root, 'dist/apps/local-stack/src/state.js'))) return {};
  const [{ planStack }, { readState }] = await Promise.all([built('plan.js'), built('state.js')]);
  const { folder, production } = planStack(process.env, root);
  const state = readState(folder);
  if (state?.phase !== 'up') return {};
  const addressOf = (part) => state.parts.find(({ name }) => name === part)?.address;
  const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'));
  const [gateway, authApi] = [addressOf('gateway'), addressOf('auth-api')];
  return given({
    llm_api_url: gateway ?? authApi,
    auth_api_url: authApi,
    kong_url: gateway,
    has_gateway: String(gateway !== undefined),
    keycloak_base_url: addressOf('Keycloak'),
    keycloak_admin_password: production ? secrets.KEYCLOAK_ADMIN_PASSWORD : undefined,
    gateway_call_secret: secrets.GATEWAY_CALL_SECRET,
  });
}

function fromEnvironment() {
  const names = collections.flatMap(({ variable }) => variable.map(({ key }) => key));
  return given(Object.fromEntries(names.map((name) => [name, process.env[name.toUpperCase()]])));
}

function fromFlags() {
  return Object.fromEntries(
    flags['env-var'].map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new Error(`--env-var ${text}: must be name=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function given(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

async function whyUnreachable(url) {
  try {
    const answer = await globalThis.fetch(`${url}/healthz`, { signal: globalThis.AbortSignal.timeout(5000) });
    return answer.ok ? undefined : `answers ${answer.status} at /healthz`;
  } catch (error) {
    return `cannot be reached (${error.cause?.code ?? error.message})`;
  }
}

function unreachable(url, reason) {
  const suites = [{ name: 'API', passed: 0, failed: 1, skipped: 0 }];
  return report({ name: 'Gatehouse', suites, failures: [`${url} ${reason}. Start it: make up`], skips: [] });
}

/** Messages of assertions quote what they compared. */
function scrub(text) {
  return text.replace(/\beyJ[\w.-]{8,}|\bsk_[a-z]+_[0-9A-Za-z]{8,}/g, '[redacted]');
}
