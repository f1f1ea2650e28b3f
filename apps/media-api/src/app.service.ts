import type { Logger } from 'pino';
import { EDGE_ACCESS, type Program, type ServiceOptions } from '#service';
import { type AppConfig, SETTINGS } from './app.config.js';
import { AppModule, SERVICE } from './app.module.js';
import { streamUploads } from './media/index.js';
import { unstripped } from './stripped-path.js';

function mediaApi(config: AppConfig, logger: Logger): ServiceOptions {
  return {
    name: SERVICE,
    module: AppModule.with(config, logger),
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    prepare: streamUploads,
    rewritePath: unstripped,
    openApi: {
      title: 'Gatehouse media-api',
      description: 'Files of their owners: upload, list, fetch, delete.',
      version: '0.1.0',
      serverUrl: config.PUBLIC_URL,
      ...EDGE_ACCESS,
    },
  };
}

/** media-api as a service: what main.ts starts, and what tests and generators build without listening. */
export const PROGRAM: Program<typeof SETTINGS> = { name: SERVICE, settings: SETTINGS, service: mediaApi };
