import { type DynamicModule, Module } from '@nestjs/common';
import { PROVIDERS_OPTIONS, type ProvidersOptions } from './providers.options.js';
import { Providers } from './providers.service.js';

@Module({})
export class ProvidersModule {
  static forRoot(options: ProvidersOptions): DynamicModule {
    return {
      module: ProvidersModule,
      global: true,
      providers: [{ provide: PROVIDERS_OPTIONS, useValue: options }, Providers],
      exports: [Providers],
    };
  }
}
