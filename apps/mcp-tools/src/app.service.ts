import type { Logger } from 'pino';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';
import { streamMessages } from './mcp/index.js';

function mcpTools(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    prepare: streamMessages,
    openApi: {
      title: 'Gatehouse mcp-tools',
      description: 'Tools for language models, by the Model Context Protocol.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      ...EDGE_ACCESS,
    },
  };
}

/** mcp-tools as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: mcpTools };
