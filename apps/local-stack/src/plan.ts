import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppDescription, APPS } from './apps.js';
import { StackFailure } from './failure.js';
import { findKong } from './gateway.js';
import type { ProcessIdentity } from './process-identity.js';

/** An app with the ports it shall have. */
export interface PlannedApp extends AppDescription {
  /** False with `--without`: then it is a person's business, at the same ports. */
  readonly runs: boolean;
}

/** Where clients reach the gateway, and where its Admin API is. */
export interface GatewayAddresses {
  readonly url: string;
  readonly adminUrl: string;
}

/** What it was given, for whoever must be able to give it that again. */
export function topologyFile({ folder }: Pick<StackPlan, 'folder'>): string {
  return join(folder, 'kong.yaml');
}

export interface PlannedGateway {
  readonly port: number;
  readonly adminPort: number;
  /** A `kong` of this machine; without one the stand-in runs. */
  readonly kong?: string;
  /** One that runs somewhere already: its Admin API, and where clients reach it. */
  readonly external?: GatewayAddresses;
}

/** Its name, for --without and in status. */
export const GATEWAY = 'gateway';

/** What shall run, decided before anything does. A port of 0 is chosen when the part starts. */
export interface StackPlan {
  readonly checkout: string;
  /** State, secrets, logs and data; nothing of it in Git. */
  readonly folder: string;
  readonly cache: string;
  readonly production: boolean;
  readonly postgres: {
    readonly port: number;
    readonly settings: readonly string[];
    readonly externalUrl?: string;
  };
  readonly keycloak: {
    readonly port: number;
    readonly managementPort: number;
    readonly externalUrl?: string;
    /** Only for an external one whose issuer is not the one it announces at that address. */
    readonly issuer?: string;
  };
  readonly apps: readonly PlannedApp[];
  readonly gateway?: PlannedGateway;
  /** The topology's own settings (kong/topology/options.ts), where the person chose any. */
  readonly topology: Readonly<Record<string, string | undefined>>;
  /** The stack ends when this process does: a test run that was killed leaves nothing behind. */
  readonly owner?: ProcessIdentity;
  /** A test stack: its folder goes with it. */
  readonly temporary: boolean;
}

/**
 * The plan for `make up`, from the environment.
 *
 * @throws {StackFailure} a setting that can not be meant
 */
export function planStack(
  env: NodeJS.ProcessEnv,
  checkout: string,
  without: readonly string[] = [],
): StackPlan {
  return {
    checkout,
    folder: join(homeFolder(env), instanceName(checkout)),
    cache: cacheFolder(env),
    production: env['NODE_ENV'] === 'production',
    postgres: {
      port: portFrom(env, 'POSTGRES_PORT', 15432),
      settings: [],
      externalUrl: urlFrom(env, 'DATABASE_URL'),
    },
    keycloak: {
      port: portFrom(env, 'KEYCLOAK_PORT', 8085),
      managementPort: portFrom(env, 'KEYCLOAK_MANAGEMENT_PORT', 0),
      externalUrl: urlFrom(env, 'KEYCLOAK_URL')?.replace(/\/+$/, ''),
      issuer: urlFrom(env, 'KEYCLOAK_ISSUER'),
    },
    apps: planApps(env, without),
    gateway: without.includes(GATEWAY) ? undefined : planGateway(env),
    topology: env,
    temporary: false,
  };
}

/** PostgreSQL and Keycloak alone, on free ports, in a temporary folder: what the tests run against. */
export function planTestStack(
  env: NodeJS.ProcessEnv,
  checkout: string,
  folder: string,
  owner?: ProcessIdentity,
): StackPlan {
  return {
    checkout,
    folder,
    cache: cacheFolder(env),
    production: false,
    // Nothing of it must outlive a power cut.
    postgres: { port: 0, settings: ['fsync=off', 'full_page_writes=off'] },
    keycloak: { port: 0, managementPort: 0 },
    apps: [],
    topology: {},
    owner,
    temporary: true,
  };
}

/** Where state folders of all checkouts are. Root's is outside of /root, which user postgres can not enter. */
export function homeFolder(env: NodeJS.ProcessEnv, isRoot = process.getuid?.() === 0): string {
  if (env['GATEHOUSE_HOME']) return env['GATEHOUSE_HOME'];
  if (isRoot) return '/var/lib/gatehouse';
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'gatehouse');
}

/** The checkout this file belongs to, compiled or not: the nearest folder above with a package.json. */
export function findCheckout(from: string = import.meta.url): string {
  for (let folder = dirname(fileURLToPath(from)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
  }
  throw new Error(`no package.json above ${from}`);
}

/** What an app is called in a setting: AUTH_API_PORT, AUTH_API_INTERNAL_URL. */
export function appSetting(
  app: string,
  kind: 'PORT' | 'INTERNAL_PORT' | 'URL' | 'INTERNAL_URL' | 'IDENTITY_KEY',
): string {
  return `${app.toUpperCase().replaceAll('-', '_')}_${kind}`;
}

/**
 * A port from the environment.
 *
 * @throws {StackFailure} not a number from 0 to 65535
 */
export function portFrom(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = env[name]?.trim();
  if (!text) return otherwise;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new StackFailure({
    reason: `${name}=${text} is no port`,
    advice: 'give a number up to 65535; 0 chooses a free one',
  });
}

function urlFrom(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  if (URL.canParse(text)) return text;
  throw new StackFailure({
    reason: `${name} is no URL`,
    advice: 'correct it, or unset it for one that we start',
  });
}

function planApps(env: NodeJS.ProcessEnv, without: readonly string[]): readonly PlannedApp[] {
  const known = [GATEWAY, ...APPS.map((app) => app.name)];
  const unknown = without.find((name) => !known.includes(name));
  if (unknown) {
    const advice = `known are ${known.join(', ')}`;
    throw new StackFailure({ reason: `--without ${unknown}: no such app`, advice });
  }
  return APPS.map((app) => ({
    ...app,
    runs: !without.includes(app.name),
    port: portFrom(env, appSetting(app.name, 'PORT'), app.port),
    internalPort: portFrom(env, appSetting(app.name, 'INTERNAL_PORT'), app.internalPort),
  }));
}

function planGateway(env: NodeJS.ProcessEnv): PlannedGateway {
  const adminUrl = urlFrom(env, 'KONG_ADMIN_URL')?.replace(/\/+$/, '');
  const url = urlFrom(env, 'GATEWAY_URL')?.replace(/\/+$/, '') ?? 'http://localhost:8000';
  return {
    port: portFrom(env, 'GATEWAY_PROXY_PORT', 8000),
    adminPort: portFrom(env, 'GATEWAY_ADMIN_PORT', 8001),
    kong: findKong(env),
    external: adminUrl === undefined ? undefined : { adminUrl, url },
  };
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return env['GATEHOUSE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gatehouse');
}

function instanceName(checkout: string): string {
  return `${basename(checkout)}-${createHash('sha256').update(checkout).digest('hex').slice(0, 8)}`;
}
