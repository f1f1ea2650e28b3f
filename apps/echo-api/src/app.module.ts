import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { TelemetryModule } from '#telemetry';
import { EchoController } from './echo.controller.js';

export const SERVICE = 'echo-api';

/** No guard: it stands for a service of somebody else, which knows nothing of ours and is given no proof. */
@Module({})
export class AppModule {
  static with(logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [TelemetryModule.forRoot(logger)],
      controllers: [EchoController],
    };
  }
}
