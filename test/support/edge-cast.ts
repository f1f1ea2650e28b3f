import pg from 'pg';
import { newKey as inventKey } from '../../apps/auth-api/src/api-keys/key-format.js';
import { eventually, type RunningAuthApi } from './auth-api.js';
import { call, type TestMember, validate } from './client.js';
import type { Edge } from './edge.js';
import { KeycloakAdmin } from './keycloak-admin.js';
import { type Claims, claimsOf, type RealmSigner } from './realm-signer.js';

/** Who plays in the suites about credentials: two people with good ones, and keys that went bad in each way. */
export interface Cast {
  readonly signer: RealmSigner;
  readonly ann: TestMember;
  readonly ben: TestMember;
  /** Of Ann, signed by the test. */
  readonly token: string;
  readonly tokenOfBen: string;
  readonly key: string;
  readonly keyId: string;
  readonly anotherKey: string;
  readonly keyOfBen: string;
  readonly badKeys: Readonly<Record<BadKey, string>>;
  /** Claims of an access token of Ann's, fresh, with changes. */
  readonly claims: (changes?: Claims) => Claims;
}

export type BadKey =
  'revoked' | 'expired' | 'unknown' | 'of a deleted user' | 'of a disabled user' | 'malformed' | 'mistyped';

const SECONDS_OF_LIFE = 900;

export async function makeCast(edge: Edge, signer: RealmSigner): Promise<Cast> {
  const [ann, ben] = await Promise.all([edge.member(), edge.member()]);
  const claimsFor = (member: TestMember, changes: Claims = {}): Claims => {
    const now = Math.floor(Date.now() / 1000);
    return { ...claimsOf(member.accessToken), iat: now, exp: now + SECONDS_OF_LIFE, ...changes };
  };
  const [own, another, keyOfBen, badKeys] = await Promise.all([
    edge.key(ann),
    edge.key(ann),
    edge.key(ben),
    makeBadKeys(edge, ann),
  ]);
  return {
    signer,
    ann,
    ben,
    token: signer.sign(claimsFor(ann)),
    tokenOfBen: signer.sign(claimsFor(ben)),
    key: own.key,
    keyId: own.id,
    anotherKey: another.key,
    keyOfBen: keyOfBen.key,
    badKeys,
    claims: (changes) => claimsFor(ann, changes),
  };
}

async function makeBadKeys(edge: Edge, ann: TestMember): Promise<Cast['badKeys']> {
  const { api } = edge;
  const keycloak = new KeycloakAdmin();
  const [deleted, disabled] = await Promise.all([edge.member(), edge.member()]);
  const [revoked, expired, ofDeleted, ofDisabled] = await Promise.all([
    edge.key(ann),
    edge.key(ann),
    edge.key(deleted),
    edge.key(disabled),
  ]);
  await call(api.url, 'DELETE', `/auth/api-keys/${revoked.id}`, { token: ann.accessToken });
  await expireKey(api, expired.id, -60);
  await keycloak.deleteUser(deleted.id);
  await keycloak.setEnabled(disabled.id, false);
  for (const { key } of [revoked, expired, ofDeleted, ofDisabled])
    await eventually(async () => (await validate(api.url, key)).status === 401, 'auth-api refuses the key');
  const { key: unknown } = inventKey('sk_live_');
  return {
    revoked: revoked.key,
    expired: expired.key,
    unknown,
    'of a deleted user': ofDeleted.key,
    'of a disabled user': ofDisabled.key,
    malformed: 'sk_live_tooshort',
    mistyped: unknown.slice(0, -1) + (unknown.endsWith('a') ? 'b' : 'a'),
  };
}

/** Makes a key end so many seconds from now; before anybody has used it, as its verdict is remembered. */
export async function expireKey(api: RunningAuthApi, id: string, seconds: number): Promise<void> {
  const client = new pg.Client({ connectionString: api.databaseUrl });
  await client.connect();
  try {
    await client.query(`UPDATE api_keys SET expires_at = now() + make_interval(secs => $2) WHERE id = $1`, [
      id,
      seconds,
    ]);
  } finally {
    await client.end();
  }
}
