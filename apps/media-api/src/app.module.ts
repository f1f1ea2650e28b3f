import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { PrincipalModule } from '#principal';
import { HealthModule, principalOptions } from '#service';
import { TelemetryModule } from '#telemetry';
import { type AppConfig, mediaOptions, storeOptions } from './app.config.js';
import { MediaModule } from './media/index.js';

export const SERVICE = 'media-api';

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        PrincipalModule.forRoot(principalOptions(SERVICE, config)),
        MediaModule.forRoot(mediaOptions(config), storeOptions(config)),
        HealthModule.forRoot({ closedPath: '/media', mode: config.AUTH_MODE }),
      ],
    };
  }
}
