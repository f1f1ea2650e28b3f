import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { ApplicationsController } from './applications.controller.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import { ApplicationsRepository } from './applications.repository.js';
import { ApplicationsService } from './applications.service.js';
import { DeletedOwners } from './deleted-owners.service.js';
import { EndUsersController } from './end-users.controller.js';
import { EndUsersRepository } from './end-users.repository.js';
import { EndUsersService } from './end-users.service.js';
import { GatewayState } from './gateway-state.service.js';
import { MachineConsumers } from './machine-consumers.service.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { SubscriptionsService } from './subscriptions.service.js';

@Module({})
export class ApplicationsModule {
  static forRoot(options: ApplicationsOptions): DynamicModule {
    return {
      module: ApplicationsModule,
      imports: [AuditModule],
      controllers: [ApplicationsController, SubscriptionsController, EndUsersController],
      providers: [
        { provide: APPLICATIONS_OPTIONS, useValue: options },
        ApplicationsRepository,
        ApplicationsService,
        DeletedOwners,
        EndUsersRepository,
        EndUsersService,
        GatewayState,
        MachineConsumers,
        SubscriptionsRepository,
        SubscriptionsService,
      ],
    };
  }
}
