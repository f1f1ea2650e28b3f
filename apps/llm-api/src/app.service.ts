import type { Logger } from 'pino';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';

function llmApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    openApi: {
      title: 'Gatehouse llm-api',
      description: 'Models and chat, in the shape of the OpenAI API.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      ...EDGE_ACCESS,
    },
  };
}

/** llm-api as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: llmApi };
