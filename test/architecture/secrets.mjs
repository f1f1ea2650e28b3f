// `npm run secrets:check` refuses secrets in tracked files; with `-- --staged`, in what is about to be committed.
// What a fault names is never the secret itself. Exceptions: allowed-secrets.json beside this file, each with its reason.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { loadAll } from 'js-yaml';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const API_KEY = /\b([a-z]{2,8}_[a-z]{2,8}_[0-9A-Za-z]{32})([0-9A-Za-z]{6})(?![0-9A-Za-z])/g;
const JWT = /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:\\n)?\s*[A-Za-z0-9+/]/g;
const CREDENTIALS = /^(oauth2_(tokens|credentials|authorization_codes)|jwt_secrets|\w+_credentials)$/;
const SECRET_NAME = /secret|passw(or)?d|token|credential|api_?-?key|private_?-?key|salt/i;
/** `name: 'value'` and `name = "value"` in code; in texts and settings the quotes may be left out. */
const ASSIGNMENT = /([\w.-]+)["']?\s*(?::\s*[\w<>[\]]+\s*=|:=|:|=)\s*(["'`]?)([\w+/=.~-]{16,})\2/g;
const CODE = /\.(ts|tsx|js|mjs|cjs|lua|py|go)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Bits of surprise per character: words and identifiers have less, random base64 has more. */
const RANDOM_BITS = 3.5;
const RANDOM_HEX_BITS = 3;

/** Every secret of a text: by which rule, and where; never what. */
function secretsIn(path, text) {
  return [...fixedForms(text), ...(structured(path, text) ?? assignments(path, text))];
}

function* fixedForms(text) {
  for (const [rule, form] of Object.entries({ 'api-key': API_KEY, jwt: JWT, 'private-key': PRIVATE_KEY })) {
    for (const match of text.matchAll(form)) {
      if (rule === 'api-key' && checksum(match[1]) !== match[2]) continue;
      yield { rule, name: fingerprint(match[0]), line: lineOf(text, match.index) };
    }
  }
}

/** YAML and JSON are walked; a text in them that is JSON itself (as Keycloak writes credentials) is walked as well. */
function structured(path, text) {
  if (!/\.(ya?ml|json)$/.test(path)) return undefined;
  try {
    const documents = path.endsWith('.json') ? [JSON.parse(text)] : loadAll(text);
    return documents.flatMap((document) => [...walk(document, [], false)]);
  } catch {
    return undefined; // not what its name says: read as any other text
  }
}

function* walk(value, names, suspicious) {
  if (typeof value === 'string') {
    const inner = /^\s*[{[]/.test(value) ? parsed(value) : undefined;
    if (inner !== undefined) yield* walk(inner, names, suspicious);
    else if (suspicious && isRandom(value)) yield { rule: 'random-value', name: names.join('.') };
  } else if (Array.isArray(value)) {
    for (const item of value) yield* walk(item, names, suspicious);
  } else if (typeof value === 'object' && value !== null) {
    if (typeof value.kty === 'string' && typeof (value.d ?? value.k) === 'string')
      yield { rule: 'private-key', name: names.join('.') };
    for (const [name, inner] of Object.entries(value)) {
      const within = [...names, name];
      if (CREDENTIALS.test(name) && Array.isArray(inner) && inner.length > 0)
        yield { rule: 'consumer-credential', name: within.join('.') };
      // A secret written as an object, in a text: its parts are secret too.
      const inText = typeof inner === 'string' || Array.isArray(inner);
      yield* walk(inner, within, SECRET_NAME.test(name) ? inText : suspicious && inText);
    }
  }
}

function* assignments(path, text) {
  for (const match of text.matchAll(ASSIGNMENT)) {
    const [, name, quote, value] = match;
    if (!SECRET_NAME.test(name) || (CODE.test(path) && quote === '')) continue;
    if (isRandom(value)) yield { rule: 'random-value', name, line: lineOf(text, match.index) };
  }
}

function isRandom(value) {
  if (!/^[\w+/=.~-]{16,}$/.test(value) || !/\d/.test(value) || UUID.test(value)) return false;
  return entropy(value) > (/^[0-9a-f]+$/i.test(value) ? RANDOM_HEX_BITS : RANDOM_BITS);
}

function entropy(text) {
  const counts = new Map();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log2(n / text.length), 0);
}

/** As in key-format.ts: an example that nobody could use has a wrong one. */
function checksum(body) {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < 6; place++) {
    digits = BASE62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names what has no name, so that an exception is for this one value wherever in the file it stands. */
function fingerprint(secret) {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}

const git = (...args) => execFileSync('git', args, { maxBuffer: 2 ** 28 });
const list = (...args) =>
  git(...args, '-z')
    .toString()
    .split('\0')
    .filter(Boolean);

function isFile(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function main(staged) {
  const root = git('rev-parse', '--show-toplevel').toString().trim();
  process.chdir(root);
  const allowListPath = join('test', 'architecture', 'allowed-secrets.json');
  const allowed = existsSync(allowListPath) ? JSON.parse(readFileSync(allowListPath, 'utf8')) : [];
  const paths = staged ? list('diff', '--cached', '--name-only', '--diff-filter=ACMR') : list('ls-files');
  const used = new Set();
  let faults = 0;
  const say = (fault) => {
    faults += 1;
    console.log(fault);
  };
  for (const path of paths) {
    if (!staged && !isFile(path)) continue;
    const bytes = staged ? git('show', `:${path}`) : readFileSync(path);
    if (bytes.includes(0)) continue;
    for (const { rule, name, line } of secretsIn(path, bytes.toString('utf8'))) {
      const exception = allowed.find(
        (entry) => entry.path === path && entry.rule === rule && entry.name === name && entry.reason,
      );
      if (exception) used.add(exception);
      else say(`${path}${line === undefined ? '' : `:${line}`}: ${rule}: ${name}`);
    }
  }
  if (!staged)
    for (const entry of allowed)
      if (!used.has(entry))
        say(`${allowListPath}: ${entry.path}: ${entry.name}: not needed, or has no reason`);
  if (faults === 0) console.log(`${paths.length} files hold no secret`);
  return faults === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.includes('--staged'));
