import { KongNodes } from '#kong-admin';
import { loadTopology, topology, topologyOptions } from '../../kong/topology/index.js';
import { eventually, startAuthApi } from '../support/auth-api.js';
import globalSetup from '../support/global-setup.js';
import { testStack } from '../support/stack.js';
import { StandIn } from '../support/stand-in.js';
import { Upstream } from '../support/upstream.js';
import type { Progress } from './progress.js';

/** What is loaded, and how to let go of it. */
export interface Target {
  readonly gatewayUrl: string;
  readonly authApiUrl: string;
  /** What is left behind, for the one who looks at the end. */
  readonly remains: string;
  stop(): Promise<void>;
}

/** A gateway and an auth-api that run already; nothing is started or stopped. */
export function givenTarget(gatewayUrl: string | undefined, authApiUrl: string): Target {
  if (gatewayUrl === undefined) throw new Error('--gateway-url must be given with --auth-api-url');
  return {
    gatewayUrl: gatewayUrl.replace(/\/+$/, ''),
    authApiUrl: authApiUrl.replace(/\/+$/, ''),
    remains:
      'The clients stay registered: their e-mails begin with "load-", DELETE /consumers/{id} ends them.',
    stop: () => Promise.resolve(),
  };
}

interface GivenKong {
  readonly gatewayUrl: string | undefined;
  readonly kongAdminUrl: string | undefined;
}

/**
 * An auth-api of its own, with the test stack's PostgreSQL and Keycloak, behind the stand-in or the given Kong, whose
 * topology is replaced. Limits of the gateway are those of production; registering is not slowed down.
 */
export async function ownTarget(
  { gatewayUrl, kongAdminUrl }: GivenKong,
  progress: Progress,
): Promise<Target> {
  if ((gatewayUrl === undefined) !== (kongAdminUrl === undefined))
    throw new Error('--gateway-url needs --auth-api-url, or --kong-admin-url and a Kong for tests');
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    progress.say('starting PostgreSQL and Keycloak, unless GATEHOUSE_TEST_STACK names them …');
    await globalSetup({}, { rootDir: process.cwd() });
    progress.say('starting a gateway and auth-api …');
    const kong = { url: gatewayUrl ?? '', adminUrl: kongAdminUrl ?? '' };
    if (gatewayUrl === undefined) {
      const standIn = await StandIn.start('load-gateway', 'db');
      stops.push(() => standIn.stop());
      Object.assign(kong, { url: standIn.url, adminUrl: standIn.adminUrl });
    }
    const upstream = await Upstream.start();
    stops.push(() => upstream.stop());
    const api = await startAuthApi('load-auth-api', {
      KONG_ADMIN_URLS: kong.adminUrl,
      TRUSTED_PROXIES: '127.0.0.1',
      PUBLIC_URL: kong.url,
      LOG_LEVEL: 'info',
    });
    stops.push(() => api.stop());
    await load(kong, api, `http://127.0.0.1:${upstream.port}`);
    progress.done(`gateway ${kong.url}, auth-api ${api.url}`);
    return {
      gatewayUrl: kong.url,
      authApiUrl: api.url,
      remains: 'Everything that was started has ended.',
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function load(
  kong: { readonly url: string; readonly adminUrl: string },
  api: { readonly url: string; readonly internalUrl: string },
  echoUrl: string,
): Promise<void> {
  const { keycloakUrl, issuer } = testStack();
  const wanted = topology(
    topologyOptions({
      LIMITS_PROFILE: 'production',
      KEYCLOAK_URL: keycloakUrl,
      KEYCLOAK_ISSUER: issuer,
      AUTH_API_URL: api.url,
      AUTH_API_INTERNAL_URL: api.internalUrl,
      ECHO_API_URL: echoUrl,
    }),
  );
  const nodes = new KongNodes({ urls: [kong.adminUrl], timeoutMs: 10_000, tokenHeader: undefined });
  await loadTopology(nodes, kong.adminUrl, wanted, { force: true });
  await eventually(
    async () => {
      const [health, api] = await Promise.all(['/healthz', '/api/'].map((path) => fetch(kong.url + path)));
      return health?.status === 200 && api?.status === 401;
    },
    'the gateway has its topology',
    20_000,
  );
}
