import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appEnvironment, type Surroundings } from './app-environment.js';
import { ensureDatabase } from './database.js';
import { startChild, turnLog, waitUntilReady } from './child.js';
import { requireClient, requireRealm } from './external-keycloak.js';
import { StackFailure } from './failure.js';
import { answersOk } from './http-probe.js';
import { requireJava } from './java.js';
import { ensureDistribution, KEYCLOAK_VERSION } from './keycloak-distribution.js';
import { REALM, startKeycloak } from './keycloak.js';
import { loadGateway, STAND_IN, startGateway } from './gateway.js';
import {
  GATEWAY,
  type GatewayAddresses,
  type PlannedApp,
  appSetting,
  type StackPlan,
  topologyFile,
} from './plan.js';
import { choosePort, requireFreePort } from './ports.js';
import { databaseUrlOf, MAIN_DATABASE, POSTGRES, type PostgresPart } from './postgres-part.js';
import { recorder, type StackContext, startPart, watch } from './stack-context.js';

export const KEYCLOAK = 'Keycloak';

/** A Keycloak with realm jan, ours or the user's. */
export interface KeycloakPart {
  readonly url: string;
  readonly issuer: string;
  readonly pid?: number;
}

/** An app that was started, or at whose ports a person will. */
export interface AppAddresses {
  readonly url: string;
  readonly internalUrl: string;
}

/**
 * What can be known before anything is started, so that a taken port is not found after a minute.
 *
 * @throws {PartFailed} reported
 */
export async function preflight(context: StackContext): Promise<void> {
  const { plan } = context;
  const check = (part: string, work: () => Promise<void>) => checkPart(context, part, work);
  if (!plan.postgres.externalUrl) {
    await check(POSTGRES, () => requireFreePort(plan.postgres.port, 'PostgreSQL', 'POSTGRES_PORT'));
  }
  if (!plan.keycloak.externalUrl) {
    await check(KEYCLOAK, async () => {
      requireJava();
      requireFile(plan.checkout, 'keycloak/realm-jan.json', 'restore it from Git');
      await requireFreePort(plan.keycloak.port, 'Keycloak', 'KEYCLOAK_PORT');
      await requireFreePort(plan.keycloak.managementPort, 'Keycloak management', 'KEYCLOAK_MANAGEMENT_PORT');
    });
  }
  if (plan.gateway && !plan.gateway.external) {
    const { kong, port, adminPort } = plan.gateway;
    await check(GATEWAY, async () => {
      if (!kong) requireFile(plan.checkout, STAND_IN, 'build it first: npm run build');
      await requireFreePort(port, 'gateway', 'GATEWAY_PROXY_PORT');
      await requireFreePort(adminPort, 'gateway, Admin API', 'GATEWAY_ADMIN_PORT');
    });
  }
  for (const app of plan.apps.filter(({ runs }) => runs)) {
    await check(app.name, async () => {
      requireFile(plan.checkout, app.entry, 'build it first: npm run build');
      await requireFreePort(app.port, app.name, appSetting(app.name, 'PORT'));
      await requireFreePort(app.internalPort, `${app.name}, internal`, appSetting(app.name, 'INTERNAL_PORT'));
    });
  }
}

export function keycloakPart(context: StackContext, postgres: PostgresPart): Promise<KeycloakPart> {
  const { plan, secrets } = context;
  return startPart(context, KEYCLOAK, async () => {
    const external = plan.keycloak.externalUrl;
    const part = external
      ? await givenKeycloak(external, plan.keycloak.issuer)
      : await ownKeycloak(context, postgres);
    const secret = secrets.KEYCLOAK_BACKEND_CLIENT_SECRET;
    await requireClient(part.url, 'auth-backend', secret, 'KEYCLOAK_BACKEND_CLIENT_SECRET');
    const address = external ?? part.issuer.replace(`/realms/${REALM}`, '');
    return { running: part, address, state: external ? 'external' : 'up' };
  });
}

async function givenKeycloak(url: string, issuer: string | undefined): Promise<KeycloakPart> {
  const announced = await requireRealm(url);
  return { url, issuer: issuer ?? announced };
}

async function ownKeycloak(context: StackContext, postgres: PostgresPart): Promise<KeycloakPart> {
  const { plan, secrets, signal, report } = context;
  const onSpawn = recorder(context, KEYCLOAK);
  const onNote = (note: string) => report({ kind: 'working', part: KEYCLOAK, note });
  const distribution = await ensureDistribution({ cache: plan.cache, signal, onNote, onSpawn });
  await ensureDatabase(postgres.databaseUrl, 'keycloak');
  onNote(`starting ${KEYCLOAK_VERSION}`);
  const keycloak = await startKeycloak({
    distribution,
    folder: plan.folder,
    port: plan.keycloak.port,
    managementPort: plan.keycloak.managementPort,
    databaseUrl: postgres.urlOf('keycloak'),
    realmFile: join(plan.checkout, 'keycloak/realm-jan.json'),
    usersFile: plan.production ? undefined : join(plan.checkout, 'keycloak/jan-users-0.json'),
    backendClientSecret: secrets.KEYCLOAK_BACKEND_CLIENT_SECRET,
    guestClientSecret: secrets.KEYCLOAK_GUEST_CLIENT_SECRET,
    admin: { username: 'admin', password: secrets.KEYCLOAK_ADMIN_PASSWORD },
    java: requireJava(),
    logFile: join(plan.folder, 'keycloak.log'),
    signal,
    onSpawn,
  });
  context.stops.push(() => keycloak.stop());
  watch(context, KEYCLOAK, keycloak.process);
  if (isRealmChanged(plan))
    report({ kind: 'note', text: 'keycloak/ has changed since it was imported: down --wipe for anew' });
  return { url: keycloak.url, issuer: keycloak.issuer, pid: keycloak.pid };
}

/** Ports of the gateway are chosen before anything that must know of it starts. */
export async function gatewayAddresses({ gateway }: StackPlan): Promise<GatewayAddresses | undefined> {
  if (!gateway || gateway.external) return gateway?.external;
  const [port, adminPort] = [await choosePort(gateway.port), await choosePort(gateway.adminPort)];
  return { url: `http://localhost:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
}

/** Starts the gateway, or takes the given one, and loads the topology; last, as it leads to everything else. */
export function gatewayPart(
  context: StackContext,
  addresses: GatewayAddresses,
  postgres: PostgresPart,
  keycloak: KeycloakPart,
  apps: ReadonlyMap<string, AppAddresses>,
): Promise<GatewayAddresses> {
  const { plan, signal, report } = context;
  const { external, kong } = plan.gateway ?? {};
  return startPart(context, GATEWAY, async () => {
    if (!external) await ownGateway(context, addresses, postgres);
    report({ kind: 'working', part: GATEWAY, note: 'loading the topology' });
    await loadGateway({
      ...addresses,
      settings: {
        LIMITS_PROFILE: plan.production ? 'production' : 'development',
        ...plan.topology,
        KEYCLOAK_URL: keycloak.url,
        KEYCLOAK_ISSUER: keycloak.issuer,
        ...Object.fromEntries([...apps].flatMap(([name, at]) => topologyAddresses(name, at))),
      },
      hasAuthApi: plan.apps.some(({ name, runs }) => name === 'auth-api' && runs),
      isOurs: !external,
      file: topologyFile(plan),
      signal,
    });
    if (!external && !kong)
      report({
        kind: 'note',
        text: 'no kong on the path: apps/local-gateway stands in, for development only',
      });
    return { running: addresses, address: addresses.url, state: external ? 'external' : 'up' };
  });
}

async function ownGateway(
  context: StackContext,
  { url, adminUrl }: GatewayAddresses,
  postgres: PostgresPart,
): Promise<void> {
  const { plan, secrets, signal } = context;
  const kong = plan.gateway?.kong;
  if (kong) await ensureDatabase(postgres.databaseUrl, 'kong');
  const child = await startGateway({
    checkout: plan.checkout,
    folder: plan.folder,
    port: Number(new URL(url).port),
    adminPort: Number(new URL(adminUrl).port),
    kong,
    databaseUrl: postgres.urlOf('kong'),
    secrets,
    signal,
    onSpawn: recorder(context, GATEWAY),
  });
  context.stops.push(() => child.stop());
  watch(context, GATEWAY, child);
}

/** As kong/topology/options.ts names them. */
function topologyAddresses(name: string, { url, internalUrl }: AppAddresses): [string, string][] {
  return [
    [appSetting(name, 'URL'), url],
    [appSetting(name, 'INTERNAL_URL'), internalUrl],
  ];
}

/** The app with its ports, chosen before anything that must know of them starts. */
export async function withPorts(app: PlannedApp): Promise<PlannedApp> {
  return { ...app, port: await choosePort(app.port), internalPort: await choosePort(app.internalPort) };
}

/** Starts an app whose ports are chosen. */
export function appPart(
  context: StackContext,
  app: PlannedApp,
  postgres: PostgresPart,
  around: Omit<Surroundings, 'databaseUrl' | 'folder' | 'secrets'>,
): Promise<AppAddresses> {
  const { plan, signal, secrets } = context;
  return startPart(context, app.name, async () => {
    if (app.database && app.database !== MAIN_DATABASE)
      await ensureDatabase(postgres.databaseUrl, app.database);
    const child = await startChild({
      name: app.name,
      command: process.execPath,
      args: ['--enable-source-maps', join(plan.checkout, app.entry)],
      cwd: plan.checkout,
      env: appEnvironment(app, {
        ...around,
        secrets,
        folder: plan.folder,
        databaseUrl: (name) => databaseUrlOf(postgres, name),
      }),
      logFile: turnLog(join(plan.folder, `${app.name}.log`)),
      onSpawn: recorder(context, app.name),
    });
    context.stops.push(() => child.stop());
    const isReady = () => answersOk(`http://127.0.0.1:${app.port}${app.readyPath}`);
    await waitUntilReady(app.name, child, isReady, { signal, timeoutMs: 60_000 });
    watch(context, app.name, child);
    return { running: addressesOf(app), address: `http://localhost:${app.port}` };
  });
}

/** As another part on this machine reaches it. */
export function addressesOf({ port, internalPort }: Pick<PlannedApp, 'port' | 'internalPort'>): AppAddresses {
  return { url: `http://127.0.0.1:${port}`, internalUrl: `http://127.0.0.1:${internalPort}` };
}

/** The realm is imported once; later edits of the files do nothing, which puzzles. Compares with the first start. */
function isRealmChanged({ folder, checkout }: StackPlan): boolean {
  const hash = createHash('sha256');
  for (const name of ['realm-jan.json', 'jan-users-0.json']) {
    const file = join(checkout, 'keycloak', name);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  const [digest, file] = [hash.digest('hex'), join(folder, 'keycloak/imported.sha256')];
  if (existsSync(file)) return readFileSync(file, 'utf8') !== digest;
  writeFileSync(file, digest);
  return false;
}

async function checkPart(context: StackContext, part: string, work: () => Promise<void>): Promise<void> {
  let failure: unknown;
  await work().catch((error: unknown) => (failure = error));
  if (failure !== undefined) await startPart(context, part, () => Promise.reject(failure as Error));
}

function requireFile(checkout: string, file: string, advice: string): void {
  if (!existsSync(join(checkout, file))) throw new StackFailure({ reason: `${file} is missing`, advice });
}
