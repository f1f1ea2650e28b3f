// What auth-api is compared to: the least that a Node server can do for the same answer. Started by ./servers.mjs.
// POST /sql reads a key with one prepared statement, POST /insert writes one; POST /map and GET /map look the answer up,
// as auth-api gave it.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

const BY_HASH = `
  SELECT k.id, k.user_id, k.scopes, k.tier, k.expires_at, u.username, u.email, u.email_verified, u.guest, u.roles
  FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.hash = $1`;
const INSERT = `
  INSERT INTO api_keys (id, user_id, name, prefix, suffix, hash, scopes, expires_at, created_at)
  SELECT gen_random_uuid(), user_id, 'created', prefix, suffix, md5(random()::text), scopes, expires_at, now()
  FROM api_keys LIMIT 1 RETURNING id`;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
/** By API key, or by Authorization header; '' is the answer to all others. */
let answers = new Map();

const server = createServer(async (request, response) => {
  const [status, text] = await answer(request);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('message', (given) => (answers = new Map(given)));
process.on('disconnect', () => process.exit(0));

async function answer(request) {
  if (request.url === '/metrics')
    return [
      200,
      `process_cpu_seconds_total{} ${process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6}\n`,
    ];
  if (request.url === '/insert') return [201, await insert()];
  const credential =
    request.method === 'GET' ? request.headers.authorization : JSON.parse(await bodyOf(request)).api_key;
  const known = request.url === '/sql' ? await read(credential) : answers.get(credential);
  return known === undefined ? [401, answers.get('')] : [200, known];
}

function bodyOf(request) {
  return new Promise((resolve) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => resolve(body));
  });
}

async function insert() {
  const { rows } = await pool.query({ name: 'insert', text: INSERT });
  return JSON.stringify({ name: 'created', status: 'active', ...rows[0] });
}

async function read(key) {
  const hash = createHash('sha256').update(key).digest('hex');
  const { rows } = await pool.query({ name: 'key-by-hash', text: BY_HASH, values: [hash] });
  return rows.length === 0
    ? undefined
    : JSON.stringify({ valid: true, subject: rows[0].user_id, ...rows[0] });
}
