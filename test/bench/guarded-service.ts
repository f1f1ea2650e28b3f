// A service with nothing but two routes that do the same, one open and one behind the guard. Started by ./guard.mjs.
import { Controller, type DynamicModule, Get, Module } from '@nestjs/common';
import { parseSettings } from '#config';
import { PrincipalModule, Public, Scopes } from '#principal';
import { principalOptions, serviceSettings } from '#service';
import { createLogger, TelemetryModule } from '#telemetry';
import { startService } from '../../libs/service/src/service.js';

const SERVICE = 'llm-api';

@Controller()
class TwinController {
  @Get('open')
  @Public()
  open(): object {
    return { answer: 42 };
  }

  @Get('closed')
  @Scopes('llm:read')
  closed(): object {
    return { answer: 42 };
  }
}

@Module({})
class TwinModule {
  static with(options: Parameters<typeof PrincipalModule.forRoot>[0]): DynamicModule {
    const logger = TelemetryModule.forRoot(silent);
    return {
      module: TwinModule,
      imports: [logger, PrincipalModule.forRoot(options)],
      controllers: [TwinController],
    };
  }
}

const silent = createLogger({ service: SERVICE, level: 'silent' });
const config = parseSettings(serviceSettings({ port: 0, internalPort: 0 }), process.env);
const { port, internalPort } = await startService({
  name: SERVICE,
  module: TwinModule.with(principalOptions(SERVICE, config)),
  logger: silent,
  trustedProxies: [],
  openApi: {
    title: 'twin',
    description: 'twin',
    version: '0',
    serverUrl: 'http://localhost',
    security: (builder) => builder,
    problems: { all: [], byScheme: {} },
  },
  host: '127.0.0.1',
  port: config.PORT,
  internalPort: config.INTERNAL_PORT,
});
process.send?.({ port, internalPort });
process.on('disconnect', () => process.exit(0));
