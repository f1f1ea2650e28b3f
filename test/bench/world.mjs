// The people and keys that requests are made of.
import { Buffer } from 'node:buffer';
import { createHmac, randomUUID } from 'node:crypto';
import pg from 'pg';
import { newKey } from '../../dist/apps/auth-api/src/api-keys/key-format.js';
import { CALL_SECRET, IDENTITY_KEY, until } from './servers.mjs';

const PREFIX = 'sk_live_';
const JSON_BODY = { 'content-type': 'application/json' };
const OWNERS = 1000;
const { fetch } = globalThis;

export const range = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** @typedef {{ id: string, username: string, password: string, token: string, key: string }} Member */

/** Registered users with a password, a token and a key. @returns {Promise<Member[]>} */
export function newMembers(api, count) {
  return oneByOne(count, async () => {
    const password = `Pa55mark-${randomUUID()}`;
    const member = await newMember(api, password);
    const { key } = await call(api, '/auth/api-keys', { name: 'bench' }, member.token);
    return { ...member, password, key };
  });
}

/** Registered users who make keys. */
export function newCreators(api, count) {
  return oneByOne(count, () => newMember(api));
}

async function newMember(api, password) {
  const { access_token: token, user_id: id } = await call(api, '/auth/guest-login');
  const username = `bench-${randomUUID().slice(0, 13)}`;
  await call(api, '/auth/upgrade', { username, email: `${username}@example.com`, password }, token);
  return { id, username, token };
}

async function oneByOne(count, make) {
  const made = [];
  while (made.length < count) made.push(await make());
  return made;
}

async function call(api, path, body, token) {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: { ...(body && JSON_BODY), ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** What the gateway asks about a key. */
export function validation(key) {
  const headers = { ...JSON_BODY, authorization: `Bearer ${CALL_SECRET}` };
  return { method: 'POST', path: '/auth/validate-api-key', headers, body: JSON.stringify({ api_key: key }) };
}

/** Keys in the database that nobody has asked for yet, and whose owners Keycloak does not know. */
export class FreshKeys {
  constructor(databaseUrl) {
    this.databaseUrl = databaseUrl;
  }

  /** As many new keys for each of ten connections. */
  async take(count) {
    const keys = range(count, () => newKey(PREFIX));
    await withClient(this.databaseUrl, async (client) => {
      await client.query(
        `INSERT INTO users (id, username, email, email_verified, guest, enabled, roles, version, read_at)
         SELECT md5('bench' || n)::uuid, 'owner-' || n, 'owner-' || n || '@example.com', true, false, true, '{user}', 1, now()
         FROM generate_series(1, $1) n ON CONFLICT DO NOTHING`,
        [OWNERS],
      );
      await client.query(
        `INSERT INTO api_keys (id, user_id, name, prefix, suffix, hash, scopes, expires_at, created_at)
         SELECT gen_random_uuid(), md5('bench' || (1 + n % $2))::uuid, 'bench', 'sk_live_0000', '0000', hash,
                '{llm,media,responses,mcp}', now() + interval '90 days', now()
         FROM unnest($1::text[]) WITH ORDINALITY AS made (hash, n)`,
        [keys.map(({ hash }) => hash), OWNERS],
      );
      await client.query('ANALYZE api_keys, users');
    });
    return keys.map(({ key }) => key);
  }
}

/** Keys of the right form that do not exist. */
export const unknownKeys = (count) => range(count, () => newKey(PREFIX).key);

/** The same with a wrong last character. */
export const mistypedKeys = (count) =>
  unknownKeys(count).map((key) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'));

/** The proof that the gateway sends along; it lives for a minute. */
export function gatewayIdentity({ id, username }, service = 'auth-api') {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'gatehouse-gateway',
    aud: service,
    sub: id,
    preferred_username: username,
    email: `${username}@example.com`,
    guest: false,
    roles: ['user'],
    amr: ['jwt'],
    iat: now,
    exp: now + 60,
  };
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = Buffer.from(IDENTITY_KEY, 'base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** Keycloak by itself: the calls that auth-api makes, made directly. */
export class KeycloakAlone {
  constructor(stack) {
    this.stack = stack;
    this.url = stack.keycloakUrl;
    this.realm = `/realms/${stack.realm}`;
  }

  /** Creates a guest and signs him in: two requests. */
  async guestLogins(count) {
    const { backendClientSecret: secret, guestClientSecret } = this.stack;
    const form = { grant_type: 'client_credentials', client_id: 'auth-backend', client_secret: secret };
    const { path, headers, body } = this.grant(form);
    const { access_token: token } = await (
      await fetch(this.url + path, { method: 'POST', headers, body })
    ).json();
    return range(count, () => `guest-${randomUUID()}`).flatMap((username) => [
      {
        method: 'POST',
        path: `/admin${this.realm}/users`,
        headers: { ...JSON_BODY, authorization: `Bearer ${token}` },
        body: JSON.stringify({
          username,
          enabled: true,
          attributes: { guest: ['true'] },
          groups: ['guests'],
        }),
      },
      this.grant({
        grant_type: 'password',
        username,
        client_id: 'guest-issuer',
        client_secret: guestClientSecret,
      }),
    ]);
  }

  login({ username, password }) {
    return this.grant({ grant_type: 'password', username, password, client_id: 'llm-api' });
  }

  grant(form) {
    return {
      method: 'POST',
      path: `${this.realm}/protocol/openid-connect/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new globalThis.URLSearchParams(form).toString(),
    };
  }
}

/** Forgets the keys just made, and waits until no job is left that has to do with them. */
export function forgetCreatedKeys(databaseUrl) {
  return withClient(databaseUrl, async (client) => {
    await client.query(`DELETE FROM api_keys WHERE name = 'created'`);
    await until(async () => {
      const { rows } = await client.query('SELECT count(*)::int AS left FROM graphile_worker._private_jobs');
      return rows[0].left === 0;
    });
  });
}

async function withClient(databaseUrl, work) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
