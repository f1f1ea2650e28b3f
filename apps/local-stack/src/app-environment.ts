import { join } from 'node:path';
import { REALM } from './keycloak.js';
import { appSetting, type GatewayAddresses, type PlannedApp } from './plan.js';
import { identityKey, type Secrets, withoutSecrets } from './secrets.js';

/** What an app finds around it. */
export interface Surroundings {
  /** State folder of the stack. */
  readonly folder: string;
  readonly secrets: Secrets;
  readonly keycloak: { readonly url: string; readonly issuer: string };
  /** The gateway before it, and where its topology will be. */
  readonly gateway?: GatewayAddresses & { readonly topologyFile: string };
  /** Address of every other app, by name. */
  readonly appUrls: ReadonlyMap<string, string>;
  readonly databaseUrl: (database: string) => string;
}

/** What an app is told: our own environment without any secret, then what its row in apps.ts names. */
export function appEnvironment(app: PlannedApp, around: Surroundings): NodeJS.ProcessEnv {
  const { secrets, keycloak, gateway, folder } = around;
  return {
    ...withoutSecrets(process.env),
    NODE_ENV: process.env['NODE_ENV'] ?? 'development',
    HOST: '127.0.0.1',
    PORT: String(app.port),
    INTERNAL_PORT: String(app.internalPort),
    KEYCLOAK_URL: keycloak.url,
    KEYCLOAK_ISSUER: keycloak.issuer,
    KEYCLOAK_REALM: REALM,
    ...(gateway ? behind(gateway) : {}),
    GATEWAY_IDENTITY_KEY: identityKey(secrets.GATEWAY_SECRET, app.name),
    ...(app.database ? { DATABASE_URL: around.databaseUrl(app.database) } : {}),
    ...(app.folderSetting ? { [app.folderSetting]: join(folder, app.name) } : {}),
    ...Object.fromEntries((app.calls ?? []).flatMap((name) => called(name, around))),
    ...Object.fromEntries(app.secrets.map((name) => [name, secrets[name]])),
    ...Object.fromEntries(
      (app.given ?? []).flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
  };
}

/** What an app knows of the gateway before it; what the person has set wins. */
function behind({ url, adminUrl, topologyFile }: NonNullable<Surroundings['gateway']>): NodeJS.ProcessEnv {
  return {
    PUBLIC_URL: process.env['PUBLIC_URL'] ?? url,
    KONG_ADMIN_URLS: process.env['KONG_ADMIN_URLS'] ?? adminUrl,
    TOPOLOGY_FILE: process.env['TOPOLOGY_FILE'] ?? topologyFile,
    TRUSTED_PROXIES: process.env['TRUSTED_PROXIES'] ?? '127.0.0.1',
  };
}

function called(name: string, { appUrls, secrets }: Surroundings): [string, string | undefined][] {
  return [
    [appSetting(name, 'URL'), appUrls.get(name)],
    [appSetting(name, 'IDENTITY_KEY'), identityKey(secrets.GATEWAY_SECRET, name)],
  ];
}
