import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthController } from './auth.controller.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { MeController } from './me.controller.js';
import { PasswordsService } from './passwords.service.js';
import { SessionsService } from './sessions.service.js';

@Module({})
export class AuthModule {
  static forRoot(options: AuthOptions): DynamicModule {
    const provided = { provide: AUTH_OPTIONS, useValue: options };
    return {
      module: AuthModule,
      global: true,
      imports: [AuditModule],
      controllers: [AuthController, MeController],
      providers: [provided, SessionsService, PasswordsService],
      exports: [provided, SessionsService],
    };
  }
}
