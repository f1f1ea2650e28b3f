import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { PrincipalModule } from '#principal';
import { HealthModule, principalOptions } from '#service';
import { Database, StorageModule } from '#storage';
import { TelemetryModule } from '#telemetry';
import type { AppConfig } from './app.config.js';
import { CreateResponses1764000000001, ResponseRow, ResponsesModule } from './responses/index.js';

export const SERVICE = 'response-api';

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        PrincipalModule.forRoot(principalOptions(SERVICE, config)),
        StorageModule.forRoot({
          url: config.DATABASE_URL,
          poolMax: config.DATABASE_POOL_MAX,
          entities: [ResponseRow],
          migrations: [CreateResponses1764000000001],
          logger,
        }),
        ResponsesModule.forRoot({
          llmApi: { name: 'llm-api', url: config.LLM_API_URL, identityKey: config.LLM_API_IDENTITY_KEY },
          realm: config.KEYCLOAK_REALM,
          ttlDays: config.RESPONSES_TTL_DAYS,
          maxPerOwner: config.RESPONSES_MAX_PER_OWNER,
          maxPerGuest: config.RESPONSES_MAX_PER_GUEST,
        }),
        HealthModule.forRootAsync({
          inject: [Database],
          useFactory: (database: Database) => ({
            closedPath: '/v1/responses/none',
            mode: config.AUTH_MODE,
            database: () => database.answers(),
          }),
        }),
      ],
    };
  }
}
