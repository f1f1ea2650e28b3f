import type { Logger } from 'pino';
import type { Program, ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';

function echoApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    openApi: {
      title: 'Gatehouse echo-api',
      description: 'Answers every request with what it was sent: what a service behind the gateway sees.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      security: (builder) => builder,
      problems: { all: [], byScheme: {} },
    },
  };
}

/** echo-api as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: echoApi };
