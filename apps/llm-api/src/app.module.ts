import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { PrincipalModule } from '#principal';
import { HealthModule, principalOptions } from '#service';
import { TelemetryModule } from '#telemetry';
import type { AppConfig } from './app.config.js';
import { ChatController } from './chat/chat.controller.js';
import { ModelsController } from './models/models.controller.js';
import { providerAddresses, ProvidersModule } from './providers/index.js';

export const SERVICE = 'llm-api';

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        PrincipalModule.forRoot(principalOptions(SERVICE, config)),
        ProvidersModule.forRoot({
          addresses: providerAddresses({
            url: config.LLM_PROVIDER_URL,
            key: config.LLM_PROVIDER_KEY,
            urls: config.LLM_PROVIDERS,
            keys: config.LLM_PROVIDER_KEYS,
          }),
          timeouts: {
            connectMs: config.LLM_CONNECT_TIMEOUT_MS,
            firstByteMs: config.LLM_FIRST_BYTE_TIMEOUT_MS,
            idleMs: config.LLM_IDLE_TIMEOUT_MS,
          },
        }),
        HealthModule.forRoot({ closedPath: '/v1/models', mode: config.AUTH_MODE }),
      ],
      controllers: [ModelsController, ChatController],
    };
  }
}
