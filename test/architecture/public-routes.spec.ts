import { beforeAll, describe, expect, it } from '@jest/globals';
import { type ExecutionContext, type INestApplication, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DiscoveryService, MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import { PROGRAM as authApi } from '../../apps/auth-api/src/app.service.js';
import { PROGRAM as llmApi } from '../../apps/llm-api/src/app.service.js';
import { PROGRAM as mcpTools } from '../../apps/mcp-tools/src/app.service.js';
import { PROGRAM as mediaApi } from '../../apps/media-api/src/app.service.js';
import { PROGRAM as responseApi } from '../../apps/response-api/src/app.service.js';
import { accessOf } from '../../libs/principal/src/access.js';
import { parseSettings, placeholders, type Settings } from '#config';
import { createService, type Program } from '#service';
import { createLogger } from '#telemetry';

interface Route {
  readonly name: string;
  readonly access: ReturnType<typeof accessOf>;
}

/** Builds a service; nothing is connected to, and nothing listens. */
async function built<S extends Settings>({ name, settings, service }: Program<S>): Promise<INestApplication> {
  const logger = createLogger({ service: name, level: 'silent' });
  return createService(service(parseSettings(settings, placeholders(settings)), logger));
}

/**
 * Who may call what without saying who he is. A line that appears here is a door that was opened: say why in the
 * review. See `Public` of libs/principal.
 */
describe('auth-api', () => {
  let routes: readonly Route[];
  let beside: string;

  beforeAll(async () => {
    const app = await built(authApi);
    routes = routesOf(app);
    // Not initialised, the app has no routes of controllers: what is there stands beside the guard.
    beside = (app as NestFastifyApplication)
      .getHttpAdapter()
      .getInstance()
      .printRoutes({ commonPrefix: false });
  });

  it('has these open routes; every other one asks who is calling', () => {
    const open = routes.filter(({ access }) => access.public).map(({ name }) => name);
    expect(open).toMatchInlineSnapshot(`
     [
       "GET /auth/refresh-token",
       "GET /health/auth",
       "GET /healthz",
       "GET /readyz",
       "POST /auth/guest-login",
       "POST /auth/login",
       "POST /auth/logout",
       "POST /auth/refresh-token",
       "POST /auth/validate-api-key",
       "POST /internal/usage",
       "POST /register",
     ]
    `);
  });

  it('has these routes that the guard does not stand before', () => {
    expect(beside).toMatchInlineSnapshot(`
     "├── /docs (GET, HEAD)
     │   ├── / (GET, HEAD)
     │   │   ├── problems/:module/:name (GET, HEAD)
     │   │   ├── swagger-ui-init.js (GET, HEAD)
     │   │   ├── docs/swagger-ui-init.js (GET, HEAD)
     │   │   ├── index.html (GET, HEAD)
     │   │   └── LICENSE (GET, HEAD)
     │   └── -yaml (GET, HEAD)
     └── /openapi.json (GET, HEAD)
     "
    `);
  });

  it('wants these roles', () => {
    const wanted = routes
      .filter(({ access }) => access.roles.length > 0)
      .map(
        ({ name, access }) =>
          `${name}: ${access.roles.join(' or ')}${access.revalidate ? ', own token' : ''}`,
      );
    expect(wanted).toMatchInlineSnapshot(`
     [
       "DELETE /admin/users/:id/limits: admin, own token",
       "DELETE /consumers/:id: admin, own token",
       "GET /admin/audit: admin, own token",
       "GET /admin/users/:id: admin, own token",
       "GET /admin/users/:id/limits: admin, own token",
       "GET /consumers: admin, own token",
       "GET /consumers/:id: admin, own token",
       "GET /kong/keys: admin, own token",
       "GET /kong/plan: admin, own token",
       "GET /kong/status: admin, own token",
       "POST /admin/users/:id/keys/revoke: admin, own token",
       "POST /applications/:id/subscriptions/:sid/approve: admin, own token",
       "POST /applications/:id/subscriptions/:sid/refuse: admin, own token",
       "POST /consumers/:id/keys: admin, own token",
       "POST /kong/keys/refresh: admin, own token",
       "POST /kong/keys/rotate: admin, own token",
       "POST /kong/sync: admin, own token",
       "POST /oauth2/register: consumer-registrar or admin, own token",
       "PUT /admin/users/:id/limits: admin, own token",
     ]
    `);
  });

  it('wants these scopes of an API key', () => {
    const wanted = routes
      .filter(({ access }) => access.scopes.length > 0)
      .map(({ name, access }) => `${name}: ${access.scopes.join(', ')}`);
    expect(wanted).toMatchInlineSnapshot(`
     [
       "DELETE /auth/api-keys/:id: keys",
       "GET /auth/api-keys: keys:read",
       "GET /auth/api-keys/:id: keys:read",
       "PATCH /auth/api-keys/:id: keys",
       "POST /auth/api-keys: keys",
       "POST /auth/api-keys/:id/rotate: keys",
     ]
    `);
  });
});

describe.each([llmApi, responseApi, mediaApi, mcpTools] as unknown as Program<Settings>[])(
  '$name',
  (program) => {
    it('has its probes open, and nothing else', async () => {
      const open = routesOf(await built(program)).filter(({ access }) => access.public);
      expect(open.map(({ name }) => name)).toEqual(['GET /health/auth', 'GET /healthz', 'GET /readyz']);
    });
  },
);

function routesOf(app: INestApplication): Route[] {
  const reflector = app.get(Reflector);
  const controllers = new DiscoveryService(app.get(ModulesContainer)).getControllers();
  return controllers
    .flatMap(({ metatype }) => handlersOf(metatype as Type))
    .map(({ controller, handler, name }) => ({
      name,
      access: accessOf(reflector, {
        getHandler: () => handler,
        getClass: () => controller,
      } as unknown as ExecutionContext),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function handlersOf(controller: Type): { controller: Type; handler: () => unknown; name: string }[] {
  const prototype = controller.prototype as Record<string, () => unknown>;
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((method) => {
    const handler = prototype[method] as () => unknown;
    const path = Reflect.getMetadata(PATH_METADATA, handler) as string | undefined;
    if (path === undefined) return [];
    const verb = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
    const address = `/${base}/${path}`.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
    return [{ controller, handler, name: `${verb} ${address}` }];
  });
}
