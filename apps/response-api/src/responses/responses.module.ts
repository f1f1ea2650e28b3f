import { type DynamicModule, Module } from '@nestjs/common';
import { ModelService } from './model.service.js';
import { ResponsesController } from './responses.controller.js';
import { RESPONSES_OPTIONS, type ResponsesOptions } from './responses.options.js';
import { ResponsesRepository } from './responses.repository.js';
import { ResponsesService } from './responses.service.js';
import { Retention } from './retention.service.js';

@Module({})
export class ResponsesModule {
  static forRoot(options: ResponsesOptions): DynamicModule {
    return {
      module: ResponsesModule,
      controllers: [ResponsesController],
      providers: [
        { provide: RESPONSES_OPTIONS, useValue: options },
        ModelService,
        ResponsesRepository,
        ResponsesService,
        Retention,
      ],
    };
  }
}
