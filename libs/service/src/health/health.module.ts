import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HEALTH_OPTIONS, type HealthOptions } from './health.options.js';

/** `/healthz`, `/readyz` and `/health/auth` of a service; wants the global PrincipalModule. */
@Module({})
export class HealthModule {
  static forRoot(options: HealthOptions): DynamicModule {
    return HealthModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync(options: Pick<FactoryProvider<HealthOptions>, 'inject' | 'useFactory'>): DynamicModule {
    return {
      module: HealthModule,
      controllers: [HealthController],
      providers: [{ provide: HEALTH_OPTIONS, ...options }],
    };
  }
}
