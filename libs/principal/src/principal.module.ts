import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { Authenticator } from './authenticator.service.js';
import { IDENTITY_KEYS, importIdentityKeys } from './gateway-identity.js';
import { GatewayResolver } from './gateway.resolver.js';
import { JwtResolver } from './jwt.resolver.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import { PrincipalGuard } from './principal.guard.js';
import { RealmKeys } from './realm-keys.js';

interface PrincipalAsyncOptions<Dependencies extends readonly unknown[]> {
  readonly imports?: ModuleMetadata['imports'];
  /** Tokens of the factory's parameters, such as a resolver that lives in another module. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...dependencies: Dependencies) => PrincipalOptions | Promise<PrincipalOptions>;
}

/** Imported once, by the app's root module: from then on every route of the app is closed unless it is `@Public()`. */
@Module({})
export class PrincipalModule {
  static forRoot(options: PrincipalOptions): DynamicModule {
    return PrincipalModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync<Dependencies extends readonly unknown[]>({
    imports = [],
    inject = [],
    useFactory,
  }: PrincipalAsyncOptions<Dependencies>): DynamicModule {
    return {
      module: PrincipalModule,
      global: true,
      imports,
      providers: [
        { provide: PRINCIPAL_OPTIONS, inject, useFactory: useFactory as FactoryProvider['useFactory'] },
        {
          provide: RealmKeys,
          inject: [PRINCIPAL_OPTIONS],
          useFactory: ({ jwksUrl }: PrincipalOptions) => new RealmKeys(jwksUrl),
        },
        {
          provide: IDENTITY_KEYS,
          inject: [PRINCIPAL_OPTIONS],
          useFactory: ({ identityKeys }: PrincipalOptions) => importIdentityKeys(identityKeys),
        },
        AccessTokenStrategy,
        GatewayResolver,
        JwtResolver,
        Authenticator,
        { provide: APP_GUARD, useClass: PrincipalGuard },
      ],
      exports: [RealmKeys],
    };
  }
}
