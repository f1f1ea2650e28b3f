// Runs the checks and tests, one step after another, and ends with one line that sums everything.
// `node test/run.mjs check` is the fast part; `all` is what `make test` and the pipeline run.
// A step that is one command counts as one; a step that runs tests counts each of them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const results = join(root, 'test-results');
const bin = (name) => join(root, 'node_modules/.bin', name);
const node = process.execPath;
const stackProgram = join(root, 'dist/apps/local-stack/src/main.js');

/** Jest, with its results as JSON; `only` names the projects. */
const jest = (name, only, ...more) => {
  const report = join(results, `${name}.json`);
  const flags = ['--no-warnings', '--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js')];
  const options = ['--json', `--outputFile=${report}`, '--selectProjects', ...only, ...more];
  return { name, command: [node, ...flags, ...options], count: () => jestCounts(report) };
};
const one = (name, ...command) => ({ name, command });

/** What shares nothing runs side by side, a lane for each core; the linter takes as long as all the others. */
const CHECK = [
  {
    lanes: [
      [one('lint', bin('eslint'), '.')],
      [
        one('format', bin('prettier'), '--check', '.'),
        one('types', bin('tsc'), '--noEmit', '-p', 'tsconfig.json'),
        one(
          'architecture',
          bin('depcruise'),
          '--config',
          'test/architecture/dependency-rules.cjs',
          'apps',
          'libs',
        ),
        one('dead code', bin('knip')),
        one('no secret in the repository', node, 'test/architecture/secrets.mjs'),
        one('topology', 'npm', 'run', '--silent', 'kong:check'),
        one('prometheus rules', node, 'docker/prometheus/check.mjs'),
      ],
    ],
  },
  jest('unit', ['unit']),
];
const ALL = [
  ...CHECK,
  one('build', 'npm', 'run', '--silent', 'build'),
  jest('deployment', ['deploy'], '--runInBand'),
  one('generated files', node, 'docs/generate.mjs', '--check'),
  {
    name: 'Lua plugins',
    command: [node, 'kong/spec/run.mjs', '--report', join(results, 'lua.json')],
    count: () => readCounts(join(results, 'lua.json')),
  },
  { name: 'test stack', command: [node, stackProgram, 'test-stack'], capture: useStack },
  jest('real', ['http', 'contract', 'journeys', 'faults'], '--runInBand'),
  {
    name: 'newman',
    command: [node, 'test/automation/run.mjs', '--own', '--strict'],
    count: () => readCounts(join(results, 'newman.json')),
  },
  one('no secret in any log', node, 'test/support/check-logs.mjs'),
];

const total = { passed: 0, failed: 0, skipped: 0 };
const startedAt = Date.now();
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
process.on('exit', stopStack);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const failures = [];
for (const step of process.argv[2] === 'check' ? CHECK : ALL) {
  if (step.lanes === undefined) await perform(step, 'inherit');
  else await Promise.all(step.lanes.map((lane) => inTurn(lane)));
}

const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(`\n${minutes} minutes${failures.length > 0 ? `; failed: ${failures.join(', ')}` : ''}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

async function inTurn(steps) {
  for (const step of steps) await perform(step, 'at its end');
}

/** Runs a step and counts it. @param {'inherit' | 'at its end'} shown when what it prints is shown */
async function perform(step, shown) {
  const began = Date.now();
  if (shown === 'inherit') console.log(`\n▶ ${step.name}`);
  const { ok, output } = await run(step, shown === 'inherit' ? 'inherit' : 'pipe');
  if (shown !== 'inherit') console.log(`\n▶ ${step.name}\n${output.trimEnd()}`);
  const counts = (step.count ?? (() => undefined))() ?? {
    passed: Number(ok),
    failed: Number(!ok),
    skipped: 0,
  };
  // A runner that fails without a failed test, for example because a file did not compile, has still failed.
  if (!ok && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
  if (counts.failed > 0) failures.push(step.name);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${counts.failed > 0 ? '✗' : '✓'} ${step.name}  ${seconds} s  ${JSON.stringify(counts)}`);
}

function run({ command: [file, ...args], capture }, stdio) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', capture ? 'pipe' : stdio, stdio] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => {
      console.error(`${file}: ${error.message}`);
      resolve({ ok: false, output });
    });
    child.on('close', (code) => {
      capture?.(output);
      resolve({ ok: code === 0, output });
    });
  });
}

/** One PostgreSQL and one Keycloak for every step that follows. */
function useStack(output) {
  const file = /^export GATEHOUSE_TEST_STACK=(.+)$/m.exec(output)?.[1];
  if (file !== undefined) process.env.GATEHOUSE_TEST_STACK = file;
}

function stopStack() {
  const file = process.env.GATEHOUSE_TEST_STACK;
  if (file && existsSync(stackProgram)) spawnSync(node, [stackProgram, 'test-stack', '--stop', file]);
}

function readCounts(report) {
  if (!existsSync(report)) return undefined;
  const { passed, failed, skipped } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed, failed, skipped };
}

function jestCounts(report) {
  if (!existsSync(report)) return undefined;
  const summary = JSON.parse(readFileSync(report, 'utf8'));
  return {
    passed: summary.numPassedTests,
    failed: summary.numFailedTests + summary.numRuntimeErrorTestSuites,
    skipped: summary.numPendingTests + summary.numTodoTests,
  };
}
