import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { GuestUpkeep } from './guest-upkeep.service.js';
import { GuestsController } from './guests.controller.js';
import { GUESTS_OPTIONS, type GuestsOptions } from './guests.options.js';
import { GuestsRepository } from './guests.repository.js';
import { GuestsService } from './guests.service.js';
import { UpgradesService } from './upgrades.service.js';

@Module({})
export class GuestsModule {
  static forRoot(options: GuestsOptions): DynamicModule {
    return {
      module: GuestsModule,
      imports: [AuditModule],
      controllers: [GuestsController],
      providers: [
        { provide: GUESTS_OPTIONS, useValue: options },
        GuestsRepository,
        GuestsService,
        UpgradesService,
        GuestUpkeep,
      ],
    };
  }
}
