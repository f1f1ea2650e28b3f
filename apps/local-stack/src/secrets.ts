import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, StackFailure } from './failure.js';

/** How each secret is made. One that is in the environment already is used as it is, and not stored. */
const GENERATORS = {
  GATEWAY_SECRET: () => randomBytes(32).toString('base64url'),
  GATEWAY_CALL_SECRET: () => randomBytes(32).toString('base64url'),
  CREDENTIAL_KEY: () => randomBytes(32).toString('base64'),
  KEYCLOAK_BACKEND_CLIENT_SECRET: () => randomBytes(32).toString('base64url'),
  KEYCLOAK_GUEST_CLIENT_SECRET: () => randomBytes(32).toString('base64url'),
  KEYCLOAK_ADMIN_PASSWORD: () => randomBytes(24).toString('base64url'),
  POSTGRES_PASSWORD: () => randomBytes(24).toString('base64url'),
} as const satisfies Record<string, () => string>;

export type SecretName = keyof typeof GENERATORS;
export type Secrets = Readonly<Record<SecretName, string>>;

/** Secrets that nobody generates: a person sets them, for the one app whose row in apps.ts names them. */
const GIVEN = [
  'CREDENTIAL_KEY_PREVIOUS',
  'GATEWAY_CALL_SECRET_PREVIOUS',
  'KEYCLOAK_REALM_ADMIN_CLIENT_SECRET',
  'KONG_ADMIN_TOKEN',
  'LLM_PROVIDER_KEY',
  'LLM_PROVIDER_KEYS',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
] as const;
export type GivenSecret = (typeof GIVEN)[number];

export const SECRET_NAMES = Object.keys(GENERATORS) as readonly SecretName[];

/**
 * Adds what is missing to the stored secrets. Pure but for the randomness.
 *
 * @param production outside it Keycloak's admin is the well-known admin/admin
 */
export function completeSecrets(
  stored: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
  production: boolean,
): { readonly secrets: Secrets; readonly toStore: Record<string, string> } {
  const toStore: Record<string, string> = {};
  const entries = SECRET_NAMES.map((name): [SecretName, string] => {
    if (env[name]) return [name, env[name]];
    if (name === 'KEYCLOAK_ADMIN_PASSWORD' && !production) return [name, 'admin'];
    return [name, (toStore[name] = stored[name] ?? GENERATORS[name]())];
  });
  // A stored secret that the environment hides today is kept: the data made with it is still there tomorrow.
  return {
    secrets: Object.fromEntries(entries) as Record<SecretName, string>,
    toStore: { ...stored, ...toStore },
  };
}

/**
 * Reads `secrets.json` of a state folder and creates in it what is missing; readable by its owner only.
 *
 * @throws {StackFailure} the file is damaged: never replaced silently, data may depend on what was in it
 */
export function ensureSecrets(folder: string, env: NodeJS.ProcessEnv, production: boolean): Secrets {
  const file = join(folder, 'secrets.json');
  const { secrets, toStore } = completeSecrets(readStored(file), env, production);
  writeFileSync(`${file}.new`, `${JSON.stringify(toStore, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return secrets;
}

/**
 * The key with which the gateway signs identities for one service. A service gets only this, never GATEWAY_SECRET:
 * who holds one service's key can not speak to another in the gateway's name.
 */
export function identityKey(gatewaySecret: string, service: string): string {
  return createHmac('sha256', Buffer.from(gatewaySecret, 'utf8'))
    .update(`identity:${service}`)
    .digest('base64url');
}

/** The environment without any of our secrets: what a part inherits before it is given its own. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secret: readonly string[] = [...SECRET_NAMES, ...GIVEN, 'DATABASE_URL'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.includes(name)));
}

function readStored(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    const advice = 'restore it, or remove the whole folder to begin anew (data included)';
    throw new StackFailure({ reason: `${file} can not be read`, advice }, error);
  }
}
