import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { NAMESPACE } from '#config';
import {
  declarative,
  type Plugin,
  topology,
  topologyOptions,
  withoutDatabase,
} from '../../kong/topology/index.js';
import { FILES, type Form, render } from '../../kong/topology/files.js';
import { readDeclarative } from '../../kong/topology/read.js';

const production = topology(topologyOptions({}));

function pluginsOf(routeName: string, from = production): Record<string, Plugin['config']> {
  const route = from.routes.find(({ name }) => name === routeName);
  const usernames = new Map(from.consumers.map(({ id, username }) => [id, username]));
  return Object.fromEntries(
    from.plugins
      .filter((plugin) => plugin.route?.id === route?.id)
      .map(({ name, consumer, config }) => [
        consumer === undefined ? name : `${name} ${usernames.get(consumer.id)}`,
        config,
      ]),
  );
}

describe('the topology in production', () => {
  it.each([
    ['account', 'auth-api', 60, 120, 120],
    ['llm', 'llm-api', 30, 100, 100],
    ['v1', 'llm-api', 30, 100, 100],
    ['media', 'media-api', 15, 50, 50],
    ['responses', 'response-api', 30, 100, 100],
    ['mcp', 'mcp-tools', 60, 200, 200],
  ])('sends principals on %s to %s, %i / %i / %i a minute', (route, service, guest, registered, key) => {
    const found = production.routes.find(({ name }) => name === route);
    expect(production.services.find(({ id }) => id === found?.service?.id)?.name).toBe(service);
    const minutes = Object.entries(pluginsOf(route)).map(([name, { minute }]) => [name, minute]);
    expect(minutes).toEqual([
      ['rate-limiting tier-guest', guest],
      ['rate-limiting tier-registered', registered],
      ['rate-limiting tier-key', key],
    ]);
  });

  it.each([
    ['sign-in', 20],
    ['register', 10],
    ['security', 60],
    ['pages', undefined],
  ])('opens %s, limited to %s a minute and address', (route, minute) => {
    const plugins = pluginsOf(route);
    for (const name of ['keycloak-jwt', 'keycloak-apikey', 'keycloak-principal'])
      expect(plugins[name]).toEqual({ access: 'public' });
    expect(plugins['rate-limiting']?.['minute']).toBe(minute);
  });

  it.each([
    ['api', ['/api/'], 'registered', false],
    ['apis-llm', ['/apis/llm/'], 'llm', true],
    ['apis-media', ['/apis/media/'], 'media', true],
    ['apis-responses', ['/apis/responses/'], 'responses', true],
    ['apis-mcp', ['/apis/mcp/'], 'mcp', true],
    ['apis-echo', ['/apis/echo/'], 'echo', true],
  ])('opens %s to consumers of a group', (route, paths, group, byOauth2) => {
    expect(production.routes.find(({ name }) => name === route)).toMatchObject({ paths, strip_path: true });
    const plugins = pluginsOf(route);
    expect(plugins['acl']).toEqual({ allow: [group], hide_groups_header: true });
    expect(plugins['key-auth']).toMatchObject({ key_names: ['apikey'], hide_credentials: true });
    expect(plugins['keycloak-principal']?.['access']).toBe('consumer');
    expect(plugins['rate-limiting']).toMatchObject({ minute: 60, limit_by: 'credential' });
    expect('oauth2' in plugins).toBe(byOauth2);
  });

  it('ends at the gateway what nobody outside may reach', () => {
    const closed = production.routes.find(({ name }) => name === 'closed');
    expect(closed?.service).toBeUndefined();
    expect(closed?.paths).toEqual(
      expect.arrayContaining([
        '/metrics',
        '/internal',
        '/auth/validate-api-key',
        '/llm/auth/validate-api-key',
        '/llm/metrics',
        '/apis/mcp/internal',
      ]),
    );
    expect(pluginsOf('closed')['request-termination']?.['status_code']).toBe(404);
  });

  it('has the consumers that need no credential', () => {
    expect(production.consumers.map(({ username }) => username)).toEqual([
      'kong-anon-jwt',
      'kong-anon-key',
      'keycloak-issuer',
      'tier-guest',
      'tier-registered',
      'tier-key',
    ]);
  });

  it('names secrets by reference only', () => {
    const principal = production.plugins.find(({ name }) => name === 'keycloak-principal');
    expect(principal?.config).toMatchObject({
      identity_secret: '{vault://env/gateway-secret}',
      call_secret: '{vault://env/gateway-call-secret}',
    });
  });
});

describe('a deployment', () => {
  it('chooses addresses, and gets the same ids', () => {
    const local = topology(
      topologyOptions({ LLM_API_URL: 'https://llm.test', KEYCLOAK_URL: 'http://[::1]:8085/' }),
    );
    const { id, protocol, host, port } = local.services.find(({ name }) => name === 'llm-api')!;
    expect({ protocol, host, port }).toEqual({ protocol: 'https', host: 'llm.test', port: 443 });
    expect(id).toBe(production.services.find(({ name }) => name === 'llm-api')?.id);
    const jwt = local.plugins.find(({ name }) => name === 'keycloak-jwt');
    expect(jwt?.config['jwks_url']).toBe('http://[::1]:8085/realms/jan/protocol/openid-connect/certs');
  });

  it('chooses the stock jwt plugin, which then asks for tokens on the same routes', () => {
    const stock = topology(topologyOptions({ KONG_JWT_PLUGIN: 'jwt' }));
    expect(stock.plugins.some(({ name }) => name === 'keycloak-jwt')).toBe(false);
    const global = stock.plugins.find(({ name, route }) => name === 'jwt' && route === undefined);
    expect(global?.config).toEqual({
      key_claim_name: 'kid',
      claims_to_verify: ['exp'],
      maximum_expiration: 3660,
      header_names: ['authorization'],
      uri_param_names: [],
      cookie_names: [],
      run_on_preflight: false,
      anonymous: 'kong-anon-jwt',
    });
    for (const route of ['sign-in', 'pages', 'closed', 'api', 'apis-llm'])
      expect(pluginsOf(route, stock)['jwt']?.['header_names']).toEqual([]);
    expect(pluginsOf('llm', stock)['jwt']).toBeUndefined();
  });

  it.each([
    [undefined, { origins: ['*'], credentials: false }],
    ['https://a.test,https://b.test', { origins: ['https://a.test', 'https://b.test'], credentials: true }],
    [',', undefined],
  ])('chooses the origins of web pages: %s', (CORS_ORIGINS, expected) => {
    const cors = topology(topologyOptions({ CORS_ORIGINS })).plugins.find(({ name }) => name === 'cors');
    if (expected === undefined) expect(cors).toBeUndefined();
    else expect(cors?.config).toMatchObject(expected);
  });

  it('hinders nobody with the development limits', () => {
    const open = topology(topologyOptions({ LIMITS_PROFILE: 'development' }));
    const minutes = open.plugins.flatMap(({ config }) => config['minute'] ?? []);
    expect(Math.min(...(minutes as number[]))).toBeGreaterThanOrEqual(100_000);
  });

  it('refuses what it does not understand', () => {
    expect(() => topologyOptions({ KONG_JWT_PLUGIN: 'both' })).toThrow('KONG_JWT_PLUGIN: must be one of');
  });
});

describe('the declarative files', () => {
  it.each(Object.keys(FILES) as Form[])('%s is current', (form) => {
    expect(readFileSync(FILES[form], 'utf8')).toBe(render(form));
  });

  it('hold every entity with its id and its parents', () => {
    const read = readDeclarative(render('db'));
    expect(read.faults).toEqual([]);
    for (const kind of ['services', 'routes', 'consumers', 'plugins'] as const) {
      const ids = read[kind].map(({ fields }) => fields['id']);
      expect(new Set(ids)).toEqual(new Set(production[kind].map(({ id }) => id)));
    }
    const tiers = read.plugins.filter(({ consumer, route }) => consumer && route?.name === 'llm');
    expect(tiers.map(({ consumer }) => consumer?.name)).toEqual([
      'tier-guest',
      'tier-registered',
      'tier-key',
    ]);
  });

  it('differ by what needs a database: oauth2', () => {
    const lost = production.plugins.filter((plugin) => !withoutDatabase(production).plugins.includes(plugin));
    expect(new Set(lost.map(({ name }) => name))).toEqual(new Set(['oauth2']));
    expect(load(render('dbless'))).toEqual(declarative(withoutDatabase(production)));
  });

  it('give the plugins the namespace that they know', () => {
    expect(readFileSync('kong/plugins/gatehouse/namespace.lua', 'utf8')).toContain(`return "${NAMESPACE}"`);
  });
});
