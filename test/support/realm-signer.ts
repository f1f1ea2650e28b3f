import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { KeycloakAdmin } from './keycloak-admin.js';
import { testStack } from './stack.js';

export type Claims = Readonly<Record<string, unknown>>;

/** A key of the realm, in its JWKS beside the one that Keycloak signs with, whose private half the test has. */
export interface RealmSigner {
  readonly kid: string;
  /** Signs whatever it is told to, as the realm. A claim or header that is undefined is left out. */
  readonly sign: (claims: Claims, header?: Claims) => string;
  /** Signed with HMAC, the realm's public key as the secret: the classic confusion of algorithms. */
  readonly signWithPublicKey: (claims: Claims) => string;
  /** With a private key of nobody's, under the kid of a key that the realm has. */
  readonly forge: (claims: Claims, kid?: string) => string;
  /** Takes the key out of the realm again. */
  readonly remove: () => Promise<void>;
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** The realm's signing keys as Keycloak publishes them. */
export async function realmKeys(): Promise<readonly { readonly kid: string; readonly pem: string }[]> {
  const { keycloakUrl, realm } = testStack();
  const response = await fetch(`${keycloakUrl}/realms/${realm}/protocol/openid-connect/certs`);
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string; use: string })[] };
  return keys
    .filter(({ use, kty }) => use === 'sig' && kty === 'RSA')
    .map((jwk) => ({ kid: jwk.kid, pem: spki(createPublicKey({ key: jwk, format: 'jwk' })) }));
}

/** Puts a key of the test's into the realm, passive: in JWKS, but Keycloak itself never signs with it. */
export async function addRealmSigner(): Promise<RealmSigner> {
  const keycloak = new KeycloakAdmin();
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const { body: realm } = await keycloak.request('GET', '');
  const added = await keycloak.request('POST', '/components', {
    name: `test-${randomUUID().slice(0, 8)}`,
    providerId: 'rsa',
    providerType: 'org.keycloak.keys.KeyProvider',
    parentId: (realm as { id: string }).id,
    config: {
      privateKey: [privateKey.export({ type: 'pkcs8', format: 'pem' })],
      algorithm: ['RS256'],
      enabled: ['true'],
      active: ['false'],
      priority: ['-100'],
    },
  });
  if (added.status !== 201) throw new Error(`add a realm key: ${added.status} ${JSON.stringify(added.body)}`);
  const component = added.headers.get('location')?.split('/').at(-1) ?? '';
  const { body } = await keycloak.request('GET', '/keys');
  const { keys } = body as { keys: { kid: string; providerId: string }[] };
  const kid = keys.find(({ providerId }) => providerId === component)?.kid;
  if (kid === undefined) throw new Error('Keycloak does not list the key that was added');
  const rs256 = (key: KeyObject) => (input: string) => sign('sha256', Buffer.from(input), key);
  const hs256 = (input: string) => createHmac('sha256', spki(publicKey)).update(input).digest();
  return {
    kid,
    sign: (claims, header = {}) =>
      token({ alg: 'RS256', typ: 'JWT', kid, ...header }, claims, rs256(privateKey)),
    signWithPublicKey: (claims) => token({ alg: 'HS256', typ: 'JWT', kid }, claims, hs256),
    forge: (claims, named = kid) => token({ alg: 'RS256', typ: 'JWT', kid: named }, claims, rs256(stranger)),
    remove: async () => void (await keycloak.request('DELETE', `/components/${component}`)),
  };
}

function token(header: Claims, claims: Claims, signature: (input: string) => Buffer): string {
  const part = (value: Claims) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${signature(input).toString('base64url')}`;
}

function spki(key: KeyObject): string {
  return String(key.export({ type: 'spki', format: 'pem' }));
}
