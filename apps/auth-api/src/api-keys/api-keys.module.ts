import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { ApiKeyResolver } from './api-key.resolver.js';
import { ApiKeysController } from './api-keys.controller.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { GatewayCallGuard } from './gateway-call.guard.js';
import { KeyCleanup } from './key-cleanup.service.js';
import { KeyCount } from './key-count.service.js';
import { KeyMirror } from './key-mirror.service.js';
import { KeyRequests } from './key-request.service.js';
import { KeyValidator } from './key-validator.service.js';
import { ValidationController } from './validation.controller.js';

@Module({})
export class ApiKeysModule {
  static forRoot(options: ApiKeysOptions): DynamicModule {
    const provided = { provide: API_KEYS_OPTIONS, useValue: options };
    return {
      module: ApiKeysModule,
      global: true,
      imports: [AuditModule],
      controllers: [ApiKeysController, ValidationController, AdminKeysController],
      providers: [
        provided,
        GatewayCallGuard,
        ApiKeysRepository,
        ApiKeyResolver,
        ApiKeysService,
        KeyCleanup,
        KeyCount,
        KeyMirror,
        KeyRequests,
        KeyValidator,
      ],
      exports: [provided, GatewayCallGuard, KeyValidator, ApiKeyResolver],
    };
  }
}
