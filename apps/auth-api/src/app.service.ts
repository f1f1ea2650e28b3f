import type { Logger } from 'pino';
import { KeycloakUnavailable, withDeadline } from '#keycloak';
import { ConfusedDeputy, KeysUnavailable } from '#principal';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { StorageUnavailable } from '#storage';
import { KeyRefused } from './api-keys/index.js';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';

/** All that one request asks of Keycloak is answered, or given up, within this; clients get their 503 within 3 s. */
const REQUEST_BUDGET_MS = 2600;

function authApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    quiet: ['/auth/validate-api-key'],
    rewritePath: (url) => (/^\/llm\/auth(?=[/?]|$)/.test(url) ? url.slice('/llm'.length) : url),
    around: (proceed) => withDeadline(REQUEST_BUDGET_MS, proceed),
    openApi: {
      title: 'Gatehouse auth-api',
      description:
        'Guests, sign-in and API keys. Errors are problems (RFC 9457): switch on `type`, show `detail` to people.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      security: (builder) =>
        EDGE_ACCESS.security(builder)
          .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A refresh token.' }, 'refresh token')
          .addBearerAuth(
            { type: 'http', scheme: 'bearer', description: "The gateway's call secret." },
            'gateway',
          ),
      problems: {
        all: [...EDGE_ACCESS.problems.all, StorageUnavailable],
        byScheme: {
          ...EDGE_ACCESS.problems.byScheme,
          session: [KeyRefused, ConfusedDeputy, KeysUnavailable, KeycloakUnavailable],
        },
      },
    },
  };
}

/** auth-api as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: authApi };
