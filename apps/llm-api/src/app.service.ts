import type { Logger } from 'pino';
import { OPENAI_ERRORS } from '#openai';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';

/** A long conversation, or a few pictures in it. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

function llmApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    problemMembers: OPENAI_ERRORS,
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
