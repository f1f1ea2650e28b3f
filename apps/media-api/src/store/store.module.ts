import { type DynamicModule, Module } from '@nestjs/common';
import { DiskStore } from './disk-store.service.js';
import { MEDIA_STORE, type MediaStore } from './media-store.js';
import type { StoreOptions } from './store.options.js';
import { StoreUpkeep } from './store-upkeep.service.js';

/** The store that the settings name, as MEDIA_STORE. */
@Module({})
export class StoreModule {
  static forRoot(options: StoreOptions): DynamicModule {
    return {
      module: StoreModule,
      providers: [{ provide: MEDIA_STORE, useFactory: () => storeOf(options) }, StoreUpkeep],
      exports: [MEDIA_STORE],
    };
  }
}

async function storeOf(options: StoreOptions): Promise<MediaStore> {
  if (options.kind === 'disk') return new DiskStore(options);
  const { S3Store } = await import('./s3-store.service.js');
  return new S3Store(options);
}
