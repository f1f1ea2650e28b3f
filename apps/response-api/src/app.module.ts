import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { PrincipalModule } from '#principal';
import { HealthModule, principalOptions } from '#service';
import { TelemetryModule } from '#telemetry';
import type { AppConfig } from './app.config.js';

export const SERVICE = 'response-api';

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        PrincipalModule.forRoot(principalOptions(SERVICE, config)),
        HealthModule.forRoot({ closedPath: '/v1/responses/none', mode: config.AUTH_MODE }),
      ],
    };
  }
}
