import { beforeAll, describe, expect, it } from '@jest/globals';
import { type ExecutionContext, type INestApplication, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import { SETTINGS } from '../../apps/auth-api/src/app.config.js';
import { authApi } from '../../apps/auth-api/src/app.service.js';
import { accessOf } from '../../libs/principal/src/access.js';
import { parseSettings } from '#config';
import { createService } from '#service';
import { createLogger } from '#telemetry';

interface Route {
  readonly name: string;
  readonly access: ReturnType<typeof accessOf>;
}

/** Enough to build the service; nothing is connected to, and nothing listens. */
const ENVIRONMENT = {
  DATABASE_URL: 'postgres://localhost/none',
  KEYCLOAK_BACKEND_CLIENT_SECRET: 'x'.repeat(32),
  KEYCLOAK_GUEST_CLIENT_SECRET: 'x'.repeat(32),
  CREDENTIAL_KEY: 'A'.repeat(43),
  GATEWAY_IDENTITY_KEY: 'A'.repeat(43),
  GATEWAY_CALL_SECRET: 'x'.repeat(32),
};

/**
 * Who may call what without saying who he is. A line that appears here is a door that was opened: say why in the
 * review. See `Public` of libs/principal.
 */
describe('auth-api', () => {
  let routes: readonly Route[];
  let beside: string;

  beforeAll(async () => {
    const logger = createLogger({ service: 'auth-api', level: 'silent' });
    const app = await createService(authApi(parseSettings(SETTINGS, ENVIRONMENT), logger));
    routes = routesOf(app);
    // Not initialised, the app has no routes of controllers: what is there stands beside the guard.
    beside = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
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
       "POST /consumers/:id/keys: admin, own token",
       "POST /kong/keys/refresh: admin, own token",
       "POST /kong/keys/rotate: admin, own token",
       "POST /kong/sync: admin, own token",
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
