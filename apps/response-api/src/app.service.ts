import type { Logger } from 'pino';
import { OPENAI_ERRORS } from '#openai';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';

/** Long texts, and a picture or two. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

/** The gateway knows both addresses, and passes them on as they are. */
function withVersion(url: string): string {
  return url.replace(/^\/responses(?=[/?]|$)/, '/v1/responses');
}

function responseApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    problemMembers: OPENAI_ERRORS,
    rewritePath: withVersion,
    openApi: {
      title: 'Gatehouse response-api',
      description: 'Responses that are kept for their owner, in the shape of the OpenAI Responses API.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      ...EDGE_ACCESS,
    },
  };
}

/** response-api as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: responseApi };
