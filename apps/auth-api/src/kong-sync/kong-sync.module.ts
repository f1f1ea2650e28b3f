import { type DynamicModule, Module } from '@nestjs/common';
import { BlockedSubjects } from './blocked-subjects.service.js';
import { EdgePushes } from './edge-pushes.service.js';
import './gateway.problems.js';
import { KONG_SYNC_OPTIONS, type KongSyncOptions } from './kong-sync.options.js';
import { NodeWatch } from './node-watch.service.js';

@Module({})
export class KongSyncModule {
  static forRoot(options: KongSyncOptions): DynamicModule {
    return {
      module: KongSyncModule,
      global: true,
      providers: [{ provide: KONG_SYNC_OPTIONS, useValue: options }, NodeWatch, EdgePushes, BlockedSubjects],
      exports: [EdgePushes],
    };
  }
}
