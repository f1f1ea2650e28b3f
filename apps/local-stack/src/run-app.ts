import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { appEnvironment } from './app-environment.js';
import { requireRealm } from './external-keycloak.js';
import { StackFailure } from './failure.js';
import { addressesOf, gatewayAddresses, KEYCLOAK } from './parts.js';
import { databaseUrlOf, givenPostgres, ownPostgres, POSTGRES, type PostgresPart } from './postgres-part.js';
import { GATEWAY, type PlannedApp, appSetting, type StackPlan, topologyFile } from './plan.js';
import { ownDatabaseUrl } from './postgres.js';
import { requireFreePort } from './ports.js';
import { ensureSecrets } from './secrets.js';
import { readState } from './state.js';

/**
 * Runs one app in this terminal on top of a stack that is up: what `npm run dev` needs. Its secrets go to it by the
 * environment, without being printed.
 *
 * @returns its exit code
 * @throws {StackFailure} the stack is not up, or the app runs in it already
 */
export async function runApp(plan: StackPlan, name: string, command: readonly string[]): Promise<number> {
  const app = plan.apps.find((one) => one.name === name);
  if (!app)
    throw new StackFailure({
      reason: `no app ${name}`,
      advice: `known: ${plan.apps.map((a) => a.name).join(', ')}`,
    });
  const { postgres, keycloakUrl, hasGateway, appUrls } = addresses(plan, app);
  const gateway = hasGateway ? await gatewayAddresses(plan) : undefined;
  await requireFreePort(app.port, name, appSetting(name, 'PORT'));
  const issuer = plan.keycloak.issuer ?? (await requireRealm(keycloakUrl));
  const secrets = ensureSecrets(plan.folder, process.env, plan.production);
  const keycloak = { url: keycloakUrl, issuer };
  const env = appEnvironment(app, {
    folder: plan.folder,
    secrets,
    keycloak,
    gateway: gateway && { ...gateway, topologyFile: topologyFile(plan) },
    appUrls,
    databaseUrl: (database) => databaseUrlOf(postgres(secrets.POSTGRES_PASSWORD), database),
  });
  const watched = [process.execPath, '--watch', '--enable-source-maps', join(plan.checkout, app.entry)];
  const [program = '', ...args] = command.length > 0 ? command : watched;
  const child = spawn(program, args, { env, cwd: plan.checkout, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both of us: stay until the app has ended in its own time.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function addresses(plan: StackPlan, app: PlannedApp) {
  const state = readState(plan.folder);
  const addressOf = (part: string) => state?.parts.find(({ name }) => name === part)?.address;
  const [postgres, keycloak] = [addressOf(POSTGRES), addressOf(KEYCLOAK)];
  const advice = `make up first, without it: main.js up --without ${app.name}`;
  if (state?.phase !== 'up' || !postgres || !keycloak)
    throw new StackFailure({ reason: 'the stack is not up', advice });
  if (addressOf(app.name))
    throw new StackFailure({
      reason: `${app.name} runs in the stack already`,
      advice: `make down; ${advice}`,
    });
  const external = plan.postgres.externalUrl;
  const port = Number(postgres.split(':').at(-1));
  return {
    postgres: (password: string): PostgresPart =>
      external ? givenPostgres(external) : ownPostgres((name) => ownDatabaseUrl(password, port, name)),
    keycloakUrl: keycloak,
    hasGateway: addressOf(GATEWAY) !== undefined,
    appUrls: new Map(plan.apps.map((one) => [one.name, addressOf(one.name) ?? addressesOf(one).url])),
  };
}
