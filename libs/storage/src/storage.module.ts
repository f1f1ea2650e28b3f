import { type DynamicModule, Module } from '@nestjs/common';
import { ChangeFeed } from './change-feed.js';
import { Database } from './database.js';
import { Jobs } from './jobs.js';
import { Locks } from './locks.js';
import { STORAGE_OPTIONS, type StorageOptions } from './options.js';

/** PostgreSQL for the whole app: database, locks, change feed and jobs. */
@Module({})
export class StorageModule {
  static forRoot(options: StorageOptions): DynamicModule {
    const services = [Database, Locks, ChangeFeed, Jobs];
    return {
      module: StorageModule,
      global: true,
      providers: [{ provide: STORAGE_OPTIONS, useValue: options }, ...services],
      exports: services,
    };
  }
}
