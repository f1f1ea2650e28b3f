import { type DynamicModule, Module } from '@nestjs/common';
import { KongNodes } from './nodes.js';
import { KONG_ADMIN_OPTIONS, type KongAdminOptions } from './options.js';

/** The Admin API of our Kong nodes; only `kong-sync` may hold it (test/architecture/rooms.cjs). */
@Module({})
export class KongAdminModule {
  static forRoot(options: KongAdminOptions): DynamicModule {
    return {
      module: KongAdminModule,
      global: true,
      providers: [{ provide: KONG_ADMIN_OPTIONS, useValue: options }, KongNodes],
      exports: [KongNodes],
    };
  }
}
