import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { ConsumersController } from './consumers.controller.js';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { ConsumersRepository } from './consumers.repository.js';
import { ConsumersService } from './consumers.service.js';
import { CredentialResealing } from './credential-resealing.service.js';
import { DesiredConsumers } from './desired-consumers.service.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationsRepository } from './registrations.repository.js';
import { RegistrationsService } from './registrations.service.js';
import { UserLimitsController } from './user-limits.controller.js';
import { UserLimitsRepository } from './user-limits.repository.js';
import { UserLimitsService } from './user-limits.service.js';
import { UserLimitsUpkeep } from './user-limits-upkeep.service.js';

@Module({})
export class ConsumersModule {
  static forRoot(options: ConsumersOptions): DynamicModule {
    return {
      module: ConsumersModule,
      global: true,
      imports: [AuditModule],
      controllers: [RegistrationController, ConsumersController, UserLimitsController],
      providers: [
        { provide: CONSUMERS_OPTIONS, useValue: options },
        DesiredConsumers,
        RegistrationsRepository,
        RegistrationsService,
        ConsumersRepository,
        ConsumersService,
        UserLimitsRepository,
        UserLimitsService,
        UserLimitsUpkeep,
        CredentialResealing,
      ],
      exports: [DesiredConsumers],
    };
  }
}
