import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  type DynamicModule,
  Get,
  type INestApplication,
  Injectable,
  Logger,
  Module,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { defineProblem, ProblemFilter } from '#problem';
import { registry } from '#telemetry';
import {
  credentialsOf,
  CurrentPrincipal,
  type IncomingRequest,
  type Principal,
  PrincipalModule,
  type PrincipalOptions,
  type PrincipalResolver,
  Public,
  RevalidateToken,
  Roles,
  Scopes,
  type SubjectCheck,
} from '../index.js';
import { ANNE, BERT, type RealmKey } from './credentials.js';

const AccountDisabled = defineProblem({
  type: 'test/disabled',
  status: 403,
  title: 'Disabled',
  detail: 'Disabled.',
  help: 'Only in tests.',
});

/** Stands for a module of an app that brings a resolver and a check of its own. */
@Injectable()
class TestKeys implements PrincipalResolver {
  resolve(request: IncomingRequest): Promise<Principal | undefined> {
    const [key] = credentialsOf(request).apiKeys;
    const id = key === 'sk_anne' ? ANNE : key === 'sk_bert' ? BERT : undefined;
    return Promise.resolve(
      id === undefined
        ? undefined
        : {
            kind: 'application',
            id,
            credentialId: 'key-1',
            username: 'anne$llm',
            email: undefined,
            emailVerified: false,
            roles: [],
            scopes: ['llm:read'],
            via: {
              method: 'apikey',
              gateway: false,
              credentialId: 'key-1',
              issuedAt: 0,
              authorizedParty: undefined,
            },
          },
    );
  }
}

@Injectable()
export class TestCheck implements SubjectCheck {
  disabled = '';
  check(principal: Principal): Promise<Principal | void> {
    if (principal.id === this.disabled) return Promise.reject(AccountDisabled());
    const former = principal.roles.includes('former-admin');
    return Promise.resolve(former ? { ...principal, roles: ['user'] } : undefined);
  }
}

@Module({ providers: [TestKeys, TestCheck], exports: [TestKeys, TestCheck] })
class TestKeysModule {}

@Controller()
class TestController {
  @Get('me')
  me(@CurrentPrincipal() principal: Principal): object {
    return { ...principal, frozen: [principal, principal.via, principal.roles].every(Object.isFrozen) };
  }

  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('mistake')
  @Public()
  mistake(@CurrentPrincipal() principal: Principal): Principal {
    return principal;
  }

  @Get('both')
  @Public()
  @Roles('admin')
  both(): string {
    return 'both';
  }

  @Get('admin')
  @RevalidateToken()
  @Roles('admin', 'auditor')
  admin(): string {
    return 'admin';
  }

  @Get('write')
  @Scopes('llm')
  write(): string {
    return 'write';
  }

  @Get('read')
  @Scopes('llm:read')
  read(): string {
    return 'read';
  }
}

@Controller('opened')
@Public()
class OpenedController {
  @Get()
  open(): string {
    return 'open';
  }

  @Get('closed')
  @Scopes('llm')
  closed(): string {
    return 'closed';
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
}

/** A realm that can rotate its keys and go away. */
export class TestRealm {
  keys: RealmKey[] = [];
  reads = 0;
  private server: Server | undefined;
  port = 0;

  async start(): Promise<void> {
    const { promise, resolve } = deferred();
    this.server = createServer((_, response) => {
      this.reads++;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
    }).listen(this.port, '127.0.0.1', resolve);
    await promise;
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { promise, resolve } = deferred();
    this.server?.close(() => resolve());
    this.server?.closeAllConnections();
    await promise;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  return { promise: new Promise((done) => (resolve = done)), resolve };
}

/** A service on a free port. */
export async function boot(module: DynamicModule): Promise<INestApplication> {
  Logger.overrideLogger(false);
  const builder = Test.createTestingModule({
    imports: [module],
    controllers: [TestController, OpenedController],
  });
  const app = (await builder.compile()).createNestApplication(new FastifyAdapter());
  app.useGlobalFilters(new ProblemFilter(() => undefined));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  return app;
}

/** A service that also judges API keys and checks people. */
export function bootWithKeys(options: PrincipalOptions): Promise<INestApplication> {
  return boot(
    PrincipalModule.forRootAsync({
      imports: [TestKeysModule],
      inject: [TestKeys, TestCheck],
      useFactory: (keys: TestKeys, subjectCheck: TestCheck) => ({
        ...options,
        resolvers: [keys],
        subjectCheck,
      }),
    }),
  );
}

/** The sum over all labels of a counter. */
export async function countOf(name: string): Promise<number> {
  const metric = await registry.getSingleMetric(name)?.get();
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

/** Through a real socket: header spellings and duplicates are the point here. */
export function get(
  app: INestApplication,
  path: string,
  headers: Record<string, string> | string[] = {},
): Promise<Answer> {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const json = String(response.headers['content-type']).includes('json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: json ? (JSON.parse(text) as Answer['body']) : { text },
        });
      });
    });
    sent.on('error', reject).end();
  });
}
