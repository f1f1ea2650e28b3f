import { type DynamicModule, Module } from '@nestjs/common';
import { StoreModule, type StoreOptions } from '../store/index.js';
import { MediaController } from './media.controller.js';
import { MEDIA_OPTIONS, type MediaOptions } from './media.options.js';
import { MediaService } from './media.service.js';
import { FileReceiver } from './received-file.service.js';
import { UploadsService } from './uploads.service.js';

@Module({})
export class MediaModule {
  static forRoot(options: MediaOptions, store: StoreOptions): DynamicModule {
    return {
      module: MediaModule,
      imports: [StoreModule.forRoot(store)],
      controllers: [MediaController],
      providers: [{ provide: MEDIA_OPTIONS, useValue: options }, FileReceiver, MediaService, UploadsService],
    };
  }
}
