// Our plugins on a real ngx_lua (Debian's nginx): what a mock cannot show. Starts nginx and a backend on free ports,
// and stops them. Prints one line for each case and ends with the counts as JSON.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import typescript from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const prefix = mkdtempSync(join(tmpdir(), 'gatehouse-nginx-'));
const SECRET = '0123456789abcdef0123456789abcdef';
const KEY_ID = randomUUID();
const nowS = () => Math.floor(Date.now() / 1000);

const { newKey } = await importTypeScript('apps/auth-api/src/api-keys/key-format.ts');
const realmKeys = new Map();
const backend = { jwksReads: 0, validations: 0, usage: [], keys: new Map() };
addRealmKey('kid-1');
const server = createServer(serveBackend);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const backendPort = server.address().port;
const port = await freePort();
const nginx = startNginx();
// Also when this program ends before its time.
process.on('exit', () => nginx.kill('SIGTERM'));
const count = { passed: 0, failed: 0, skipped: 0 };

try {
  await until(async () => (await send('GET', '/public')).status === 200);
  for (const [name, run] of cases()) await one(name, run);
} finally {
  nginx.kill('SIGTERM');
  server.close();
  server.closeAllConnections();
  await new Promise((resolve) => (nginx.exitCode === null ? nginx.once('exit', resolve) : resolve()));
  if (count.failed > 0) console.log(readFileSync(join(prefix, 'error.log'), 'utf8').slice(-4000));
  rmSync(prefix, { recursive: true, force: true });
}
console.log(JSON.stringify(count));
process.exitCode = count.failed > 0 ? 1 : 0;

function* cases() {
  for (const path of ['/public', '/llm'])
    for (const method of ['GET', 'OPTIONS'])
      for (const place of [0, 99, 100, 101, 999, 1000, 1001])
        yield [
          `a spoofed header after ${place} others is cleared: ${method} ${path}`,
          () => spoof(method, path, place),
        ];
  for (const name of [
    'X-User-ID',
    'x_user_id',
    'X-User_Id',
    'X_USER-ID',
    'X-Consumer-Groups',
    'X_Consumer_Custom_ID',
    'X-Gateway-Identity',
    'x_gateway_identity',
    'X-Authenticated-Userid',
    'X-Credential_Identifier',
    'X_Anonymous_Consumer',
    'X_AUTH_METHOD',
    'X-Principal_Id',
  ])
    yield [`cleared in the spelling ${name}, also twice`, () => spelled(name)];
  yield ['other headers pass, also with underscores', otherHeadersPass];
  yield ['a token is accepted, and its proof verifies', tokenAccepted];
  yield ['an API key made by auth-api is accepted, cached and hidden', keyAccepted];
  yield ['the checksum is that of key-format.ts, 2,000 times', checksums];
  yield ['a forged signature is refused', forged];
  yield ['two Authorization headers are refused', twoAuthorizations];
  yield ['two X-API-Key headers of different keys are refused', twoKeys];
  yield ['names in UTF-8 reach the service as they are', utf8Names];
  yield ['50 requests with a new kid at once: all accepted', newKid];
  yield ['a new kid in a flood of forged ones: none refused, at most asked to come again', newKidInFlood];
  yield ['a revoked key is refused in every worker from the next request on', revoked];
  yield ['a blocked person is refused in every worker, until the time is up', blockedUntil];
  yield ['an unknown key is asked about once in neg_ttl, by all workers', unknownKey];
  yield ['the counts of all workers arrive', usageArrives];
  yield ['nothing was logged as an error', nothingLogged];
}

async function one(name, run) {
  try {
    await run();
    count.passed += 1;
  } catch (error) {
    count.failed += 1;
    console.log(`✗ ${name}\n  ${String(error.message).replaceAll('\n', '\n  ')}`);
  }
}

async function spoof(method, path, place) {
  const filler = Array.from({ length: place }, (_, i) => [`F-${i}`, 'x']);
  const headers = [...filler, ['X-User-ID', 'spoof'], ['X_User_Email', 'spoof']];
  if (path === '/llm' && method !== 'OPTIONS') headers.push(['Authorization', `Bearer ${token()}`]);
  const answer = await send(method, path, headers);
  assert.equal(answer.status, 200);
  assert.ok(!answer.body.toLowerCase().includes('spoof'));
  assert.equal(answer.seen.filter(([name]) => name.startsWith('f-')).length, place);
}

async function spelled(name) {
  const answer = await send('GET', '/public', [
    [name, 'spoof'],
    [name, 'again'],
  ]);
  assert.equal(answer.status, 200);
  assert.ok(!/spoof|again/.test(answer.body), answer.body);
}

async function otherHeadersPass() {
  const answer = await send('GET', '/public', [
    ['X_Trace', 'a'],
    ['X-Users', 'b'],
  ]);
  assert.deepEqual(answer.header('x_trace'), ['a']);
  assert.deepEqual(answer.header('x-users'), ['b']);
}

async function tokenAccepted() {
  const answer = await send('GET', '/llm', [['Authorization', `Bearer ${token({ sub: 'someone' })}`]]);
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(answer.header('x-user-id'), ['someone']);
  assert.deepEqual(answer.header('x-consumer-id'), ['b6753a9b-54e4-5c0d-9aaf-8bfc7a483bc7']);
  const [head, body, signature] = answer.header('x-gateway-identity')[0].split('.');
  const key = createHmac('sha256', SECRET).update('identity:llm-api').digest();
  assert.equal(createHmac('sha256', key).update(`${head}.${body}`).digest('base64url'), signature);
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  assert.deepEqual([claims.aud, claims.sub, claims.roles, claims.amr], ['llm-api', 'someone', [], ['jwt']]);
}

async function keyAccepted() {
  const key = addKey();
  const before = backend.validations;
  for (let i = 0; i < 20; i++) {
    const answer = await send('GET', '/llm', [['X-API-Key', key]]);
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(answer.header('x-api-key'), []);
    assert.deepEqual(answer.header('x-credential-identifier'), [KEY_ID]);
  }
  assert.ok(backend.validations - before <= 2, 'each worker of this stand-in has a cache of its own');
}

async function checksums() {
  const keys = Array.from({ length: 2000 }, () => newKey('sk_live_').key);
  const bodies = keys.map((key) => key.slice(0, -6));
  const answer = await send('POST', '/probe', [], JSON.stringify(bodies));
  assert.deepEqual(
    JSON.parse(answer.body),
    keys.map((key) => key.slice(-6)),
  );
}

async function forged() {
  const text = token();
  await refused([['Authorization', `Bearer ${text.slice(0, -8)}AAAAAAAA`]], 'bad-signature');
}

async function twoAuthorizations() {
  const header = ['Authorization', `Bearer ${token()}`];
  const answer = await send('GET', '/llm', [header, header]);
  assert.ok(answer.status === 401 || answer.status === 400, `status ${answer.status}`);
}

async function twoKeys() {
  const headers = [addKey(), addKey()].map((key) => ['X-API-Key', key]);
  await refused(headers, 'two-keys');
}

async function utf8Names() {
  const answer = await send('GET', '/llm', [
    ['Authorization', `Bearer ${token({ preferred_username: 'żółć' })}`],
  ]);
  assert.equal(Buffer.from(answer.header('x-user-username')[0], 'latin1').toString(), 'żółć');
}

async function newKid() {
  await sleep(1100);
  addRealmKey('kid-2');
  const reads = backend.jwksReads;
  const requests = Array.from({ length: 50 }, (_, i) => [
    ['Authorization', `Bearer ${token({ jti: `n${i}` }, i % 2 ? 'kid-2' : 'kid-1')}`],
  ]);
  const answers = await Promise.all(requests.map((headers) => send('GET', '/llm', headers)));
  assert.deepEqual(
    answers.filter(({ status }) => status !== 200).map(({ body }) => body),
    [],
  );
  assert.ok(backend.jwksReads - reads <= 2);
}

/** More forged kids wait than there are places in both workers, each for a second: so long is a window here. */
async function newKidInFlood() {
  const text = token().split('.');
  let isOver = false;
  let forged = 0;
  const forge = async () => {
    while (!isOver) {
      const kid = `forged-${(forged += 1)}`;
      const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url');
      const { status, body } = await send('GET', '/llm', [
        ['Authorization', `Bearer ${[head, ...text.slice(1)].join('.')}`],
      ]);
      assert.ok(status === 401 || status === 503, body);
      if (status === 503) await sleep(100);
    }
  };
  const [since, reads] = [Date.now(), backend.jwksReads];
  const flood = Array.from({ length: 700 }, forge);
  await sleep(1500);
  const told = { first: new Set(), again: new Set() };
  for (const kid of ['kid-3', 'kid-4']) {
    addRealmKey(kid);
    const genuine = Array.from({ length: 40 }, async () => {
      await sleep(Math.random() * 1500);
      const headers = [['Authorization', `Bearer ${token({ jti: randomUUID() }, kid)}`]];
      const answer = await send('GET', '/llm', headers);
      told.first.add(answer.status);
      if (answer.status !== 503) return;
      assert.match(answer.text, /^retry-after: 6/im);
      await sleep(6000);
      told.again.add((await send('GET', '/llm', headers)).status);
    });
    await Promise.all(genuine);
  }
  isOver = true;
  await Promise.all(flood);
  assert.ok(forged > 1000, `${forged} forged`);
  assert.ok(told.first.has(200) && !told.first.has(401), `first ${[...told.first]}`);
  assert.ok(
    [...told.again].every((status) => status === 200),
    `again ${[...told.again]}`,
  );
  const windows = Math.ceil((Date.now() - since) / 1000) + 1;
  assert.ok(backend.jwksReads - reads <= windows, `${backend.jwksReads - reads} in ${windows} windows`);
}

async function revoked() {
  const key = addKey();
  await Promise.all(Array.from({ length: 20 }, () => send('GET', '/llm', [['X-API-Key', key]])));
  const sha256 = createHash('sha256').update(key).digest('hex');
  await admin('keycloak-apikey', '/keycloak-apikey/keys/:sha256', 'DELETE', { sha256 });
  for (let i = 0; i < 40; i++) await refused([['X-API-Key', key]], 'revoked');
}

async function blockedUntil() {
  const headers = [['Authorization', `Bearer ${token({ sub: 'blocked-one' })}`]];
  for (let i = 0; i < 10; i++) assert.equal((await send('GET', '/llm', headers)).status, 200);
  const until = nowS() + 2;
  await admin('keycloak-principal', '/keycloak-principal/blocked/:subject', 'PUT', {
    subject: 'blocked-one',
    until,
  });
  for (let i = 0; i < 20; i++) await refused(headers, 'user-disabled');
  const node = await admin('keycloak-principal', '/keycloak-principal/node', 'GET');
  assert.equal(JSON.parse(node.body).blocked, 1);
  await sleep(2100);
  assert.equal((await send('GET', '/llm', headers)).status, 200);
}

async function unknownKey() {
  const { key } = newKey('sk_live_');
  const before = backend.validations;
  for (let i = 0; i < 30; i++) await refused([['X-API-Key', key]], 'unknown-key');
  assert.ok(backend.validations - before <= 2);
  await sleep(1100);
  await refused([['X-API-Key', key]], 'unknown-key');
}

async function usageArrives() {
  backend.usage.length = 0;
  await sleep(2500);
  backend.usage.length = 0;
  for (let i = 0; i < 100; i++)
    await send('GET', '/llm', [['Authorization', `Bearer ${token({ sub: 'counted' })}`]]);
  const total = () =>
    backend.usage
      .flatMap(({ items }) => items)
      .filter(({ user_id, status }) => user_id === 'counted' && status === 200)
      .reduce((sum, item) => sum + item.count, 0);
  await until(async () => total() >= 100);
  assert.equal(total(), 100);
  const ids = backend.usage.map(({ batch_id }) => batch_id);
  assert.equal(new Set(ids).size, ids.length);
}

function nothingLogged() {
  const errors = readFileSync(join(prefix, 'error.log'), 'utf8')
    .split('\n')
    .filter((line) => /\[(error|crit|alert|emerg)\]/.test(line));
  assert.deepEqual(errors, []);
}

async function refused(headers, reason) {
  const answer = await send('GET', '/llm', headers);
  assert.equal(answer.status, 401, answer.body);
  const problem = JSON.parse(answer.body);
  assert.equal(problem.reason, reason);
  assert.equal(problem.type, '/docs/problems/principal/unauthenticated');
  assert.match(answer.text, /^www-authenticate: Bearer realm="jan"/im);
  assert.match(answer.text, /^content-type: application\/problem\+json/im);
}

async function admin(plugin, route, method, params) {
  const answer = await send('POST', '/admin', [], JSON.stringify({ plugin, route, method, params }));
  assert.ok(answer.status < 300, answer.body);
  return answer;
}

/** A raw request, so that headers go out exactly as spelled. */
function send(method, path, headers = [], body = '') {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: gateway',
    'Connection: close',
    `Content-Length: ${body.length}`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write([...head, ...lines, '', body].join('\r\n')));
    const chunks = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(readAnswer(Buffer.concat(chunks).toString('latin1'))));
  });
}

function readAnswer(text) {
  const end = text.indexOf('\r\n\r\n');
  const chunked = /^transfer-encoding: chunked/im.test(text.slice(0, end));
  const body = chunked ? text.slice(end + 4).replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '') : text.slice(end + 4);
  const seen = body.startsWith('[[') ? JSON.parse(body.trim()) : [];
  const header = (name) => seen.filter(([seenName]) => seenName === name).map(([, value]) => value);
  return { status: Number(text.split(' ')[1]), text, body, seen, header };
}

/** JWKS, key validation, usage; anything else says which headers arrived. */
function serveBackend(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [status, answer] = answerOf(request, Buffer.concat(chunks).toString());
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(Buffer.from(JSON.stringify(answer), 'latin1'));
  });
}

function answerOf({ url, rawHeaders }, body) {
  switch (url) {
    case '/certs': {
      backend.jwksReads += 1;
      const keys = [...realmKeys].map(([kid, { publicKey }]) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid,
        use: 'sig',
      }));
      return [200, { keys }];
    }
    case '/validate': {
      backend.validations += 1;
      const known = backend.keys.get(JSON.parse(body).api_key);
      return known ? [200, known] : [401, { valid: false, reason: 'unknown-key' }];
    }
    case '/usage':
      backend.usage.push(JSON.parse(body));
      return [200, {}];
    default:
      return [200, pairs(rawHeaders)];
  }
}

function pairs(rawHeaders) {
  const found = [];
  for (let i = 0; i < rawHeaders.length; i += 2) found.push([rawHeaders[i].toLowerCase(), rawHeaders[i + 1]]);
  return found;
}

function addRealmKey(kid) {
  realmKeys.set(kid, generateKeyPairSync('rsa', { modulusLength: 2048 }));
}

function addKey() {
  const { key } = newKey('sk_live_');
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  const owner = { subject: 'ann-id', user_id: 'ann-id', username: 'ann', email: null, email_verified: false };
  backend.keys.set(key, {
    valid: true,
    key_id: KEY_ID,
    ...owner,
    guest: false,
    roles: [],
    scopes: [],
    tier: null,
    expires_at,
  });
  return key;
}

function token(changes = {}, kid = 'kid-1') {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'http://kc/realms/jan',
    aud: 'llm-api',
    azp: 'llm-api',
    typ: 'Bearer',
    sub: 'ann-id',
    iat: nowS() - 1,
    exp: nowS() + 600,
    ...changes,
  };
  const input = `${encode({ alg: 'RS256', kid })}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), realmKeys.get(kid).privateKey).toString('base64url')}`;
}

async function importTypeScript(path) {
  const options = { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 };
  const { outputText } = typescript.transpileModule(readFileSync(join(root, path), 'utf8'), {
    compilerOptions: options,
  });
  const file = join(prefix, 'module.mjs');
  writeFileSync(file, outputText);
  return import(pathToFileURL(file).href);
}

/** Newer nginx refuse more than 1,000 headers unless told otherwise; older ones, and Kong's, do not know the word. */
function startNginx() {
  const file = join(prefix, 'nginx.conf');
  const options = ['-p', prefix, '-c', file, '-e', join(prefix, 'error.log')];
  writeConfig(file, 'max_headers 5000;');
  if (spawnSync('nginx', ['-t', ...options]).status !== 0) writeConfig(file, '');
  return spawn('nginx', options, { stdio: ['ignore', 'inherit', 'inherit'] });
}

function writeConfig(file, maxHeaders) {
  const values = { PREFIX: prefix, ROOT: root, BACKEND: backendPort, PORT: port, MAX_HEADERS: maxHeaders };
  const template = readFileSync(join(here, 'nginx.conf.template'), 'utf8');
  writeFileSync(
    file,
    template.replaceAll(/\b(?:PREFIX|ROOT|BACKEND|PORT|MAX_HEADERS)\b/g, (name) => String(values[name])),
  );
}

async function freePort() {
  const probe = createTcpServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

async function until(condition) {
  const end = Date.now() + 10_000;
  for (;;) {
    const ok = await condition().catch(() => false);
    if (ok) return;
    if (Date.now() > end) throw new Error('did not happen within 10 s');
    await sleep(50);
  }
}
