import { type DynamicModule, Module } from '@nestjs/common';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { DesiredConsumers } from './desired-consumers.service.js';

@Module({})
export class ConsumersModule {
  static forRoot(options: ConsumersOptions): DynamicModule {
    return {
      module: ConsumersModule,
      global: true,
      providers: [{ provide: CONSUMERS_OPTIONS, useValue: options }, DesiredConsumers],
      exports: [DesiredConsumers],
    };
  }
}
