import { type DynamicModule, Module } from '@nestjs/common';
import { PresentUsers } from './present-users.service.js';
import { PresentSubject } from './subject-check.service.js';
import { UserEventsService } from './user-events.service.js';
import { UsersController } from './users.controller.js';
import { USERS_OPTIONS, type UsersOptions } from './users.options.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({})
export class UsersModule {
  static forRoot(options: UsersOptions): DynamicModule {
    return {
      module: UsersModule,
      global: true,
      controllers: [UsersController],
      providers: [
        { provide: USERS_OPTIONS, useValue: options },
        UsersRepository,
        UsersService,
        UserEventsService,
        PresentUsers,
        PresentSubject,
      ],
      exports: [UsersService, PresentUsers, PresentSubject],
    };
  }
}
