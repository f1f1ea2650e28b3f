import { REALM } from './keycloak.js';
import type { GatewayAddresses, PlannedApp } from './plan.js';
import { identityKey, type Secrets, withoutSecrets } from './secrets.js';

/** The gateway before an app, and where its topology will be. */
type GatewayBefore = GatewayAddresses & { readonly topologyFile: string };

/** What an app is told: our own environment without any secret, then what its row in apps.ts names. */
export function appEnvironment(
  app: PlannedApp,
  secrets: Secrets,
  databaseUrl: string,
  keycloak: { readonly url: string; readonly issuer: string },
  gateway: GatewayBefore | undefined,
): NodeJS.ProcessEnv {
  return {
    ...withoutSecrets(process.env),
    NODE_ENV: process.env['NODE_ENV'] ?? 'development',
    HOST: '127.0.0.1',
    PORT: String(app.port),
    INTERNAL_PORT: String(app.internalPort),
    DATABASE_URL: databaseUrl,
    KEYCLOAK_URL: keycloak.url,
    KEYCLOAK_ISSUER: keycloak.issuer,
    KEYCLOAK_REALM: REALM,
    ...(gateway ? behind(gateway) : {}),
    GATEWAY_IDENTITY_KEY: identityKey(secrets.GATEWAY_SECRET, app.name),
    ...Object.fromEntries(app.secrets.map((name) => [name, secrets[name]])),
  };
}

/** What an app knows of the gateway before it; what the person has set wins. */
function behind({ url, adminUrl, topologyFile }: GatewayBefore): NodeJS.ProcessEnv {
  return {
    PUBLIC_URL: process.env['PUBLIC_URL'] ?? url,
    KONG_ADMIN_URLS: process.env['KONG_ADMIN_URLS'] ?? adminUrl,
    TOPOLOGY_FILE: process.env['TOPOLOGY_FILE'] ?? topologyFile,
    TRUSTED_PROXIES: process.env['TRUSTED_PROXIES'] ?? '127.0.0.1',
  };
}
