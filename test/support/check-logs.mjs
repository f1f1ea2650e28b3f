// The last step of `make test`: no credential in any log of the run. Reads every file under test-results/logs (or the
// folder given) and the logs of the test stack that GATEHOUSE_TEST_STACK names. Known secrets come from that stack, from
// test-results/secrets.jsonl (test/support/secrets-ledger.ts), from the variable GATEHOUSE_SECRETS and, with `--stdin`,
// from stdin; all JSON. What a finding names is never the secret itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A run that logged less than this has not shown anything. */
const LEAST_LINES = 100;
const LEAST_SECRET_LENGTH = 8;

const FORMS = [
  // Access, refresh and identity tokens, whole or without their signature.
  ['token', /eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g],
  // A key is 38 characters behind its prefix; what is shown of it in lists is 4.
  ['API key', /\b[a-z]{2,8}_[a-z]{2,8}_[0-9A-Za-z]{38}(?![0-9A-Za-z])|\bsk_[a-z]{2,8}_[0-9A-Za-z]{8,}/g],
  ['password', /Pa55mark[\w-]*/gi],
];

const args = process.argv.slice(2);
const results = join(dirname(dirname(import.meta.dirname)), 'test-results');
const folder = args.find((arg) => !arg.startsWith('--')) ?? join(results, 'logs');
const stackFile = process.env.GATEHOUSE_TEST_STACK;

const ownLogs = filesBelow(folder);
const logs = [...ownLogs, ...stackLogs()];
const secrets = knownSecrets();
let lines = 0;
const findings = [];
for (const file of logs) {
  const text = readFileSync(file, 'utf8').split('\n');
  if (ownLogs.includes(file)) lines += text.length - 1;
  for (const [index, line] of text.entries()) findings.push(...findingsIn(file, index + 1, line));
}

for (const finding of findings.slice(0, 50)) console.error(finding);
if (findings.length > 50) console.error(`… and ${findings.length - 50} more`);
if (ownLogs.length === 0) fail(`no log files below ${folder}: nothing was checked`);
if (lines < LEAST_LINES) fail(`only ${lines} lines below ${folder}: that is no test run`);
if (findings.length > 0) fail(`${findings.length} secrets in logs`);
console.log(
  `✓ no secret in ${lines} lines of ${ownLogs.length} files and ${logs.length - ownLogs.length} logs of the stack ` +
    `(${secrets.length} known secrets looked for)`,
);

function* findingsIn(file, number, line) {
  const found = FORMS.flatMap(([kind, form]) => [...line.matchAll(form)].map(([text]) => [kind, text]));
  for (const { name, value } of secrets) if (line.includes(value)) found.push([name, value]);
  if (found.length === 0) return;
  const masked = found.reduce((shown, [, text]) => shown.replaceAll(text, '█'), line).slice(0, 300);
  for (const [kind, text] of found)
    yield `${file}:${number}: ${kind} of ${text.length} characters: ${masked}`;
}

/** Those of Keycloak, PostgreSQL and their supervisor lie beside the file that describes the stack. */
function stackLogs() {
  if (!stackFile || !existsSync(stackFile)) return [];
  const beside = dirname(stackFile);
  return readdirSync(beside)
    .filter((name) => /\.log(\.1)?$/.test(name))
    .map((name) => join(beside, name));
}

/** Every text in the given JSON that is long enough to be told from an ordinary word, by the name it stands under. */
function knownSecrets() {
  const ledger = join(results, 'secrets.jsonl');
  const given = [
    ...(stackFile && existsSync(stackFile)
      ? [secretsOfStack(JSON.parse(readFileSync(stackFile, 'utf8')))]
      : []),
    ...(existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n').map(parse) : []),
    ...(process.env.GATEHOUSE_SECRETS ? [parse(process.env.GATEHOUSE_SECRETS)] : []),
    ...(args.includes('--stdin') ? [parse(readFileSync(0, 'utf8'))] : []),
  ];
  const known = new Map();
  for (const { name, value } of given.flatMap((entry) => [...texts(entry, 'secret')]))
    if (value.length >= LEAST_SECRET_LENGTH) known.set(value, name);
  return [...known].map(([value, name]) => ({ name, value }));
}

/** Addresses and names are in the same file and are no secrets. The development administrator's password is `admin`. */
function secretsOfStack({ backendClientSecret, guestClientSecret, keycloakAdmin, postgresAdminUrl }) {
  const postgresPassword = decodeURIComponent(new URL(postgresAdminUrl).password);
  return { backendClientSecret, guestClientSecret, adminPassword: keycloakAdmin.password, postgresPassword };
}

function* texts(value, name) {
  if (typeof value === 'string') yield { name, value };
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* texts(inner, Array.isArray(value) ? name : key);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return fail('the secrets given are no JSON'); // and are not repeated here
  }
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function fail(reason) {
  console.error(`✗ ${reason}`);
  process.exit(1);
}
