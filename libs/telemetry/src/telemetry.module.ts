import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';

/** Injection token of the service's logger. */
export const LOGGER = Symbol('logger');

/** Gives every module the one logger of the service. */
@Module({})
export class TelemetryModule {
  static forRoot(logger: Logger): DynamicModule {
    const provider = { provide: LOGGER, useValue: logger };
    return { module: TelemetryModule, global: true, providers: [provider], exports: [provider] };
  }
}
