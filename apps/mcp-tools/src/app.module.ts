import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { PrincipalModule } from '#principal';
import { HealthModule, principalOptions } from '#service';
import { TelemetryModule } from '#telemetry';
import { type AppConfig, mcpOptions } from './app.config.js';
import { McpModule } from './mcp/index.js';

export const SERVICE = 'mcp-tools';

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        PrincipalModule.forRoot(principalOptions(SERVICE, config)),
        McpModule.forRoot(mcpOptions(config)),
        HealthModule.forRoot({ closedPath: '/mcp', mode: config.AUTH_MODE }),
      ],
    };
  }
}
