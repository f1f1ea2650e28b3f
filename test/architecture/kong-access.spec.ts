import { describe, expect, it } from '@jest/globals';
import { type Change, changed, id, LIMIT, newPlugin, newRoute } from '../support/edited-topology.js';

const STOCK = {
  key_claim_name: 'kid',
  claims_to_verify: ['exp'],
  maximum_expiration: 3660,
  header_names: ['authorization'],
  uri_param_names: [],
  cookie_names: [],
  run_on_preflight: false,
};
const SERVICE_OF: Readonly<Record<string, string>> = {
  account: 'auth-api',
  llm: 'llm-api',
  v1: 'llm-api',
  media: 'media-api',
  responses: 'response-api',
  mcp: 'mcp-tools',
};

describe('access', () => {
  const opened = { access: 'public' };
  it.each<[string, readonly string[], Change]>([
    [
      'a route made public that is not on the list',
      ['route v1 of service llm-api: /v1 is open, but not on the list of public routes'],
      (_, { route }) => {
        route('v1')['plugins'] = ['keycloak-jwt', 'keycloak-apikey', 'keycloak-principal'].map((name, at) =>
          newPlugin(name, opened, { id: id(10 + at) }),
        );
      },
    ],
    [
      'a path more on a public route',
      ['route pages of service auth-api: /pages is open, but not on the list of public routes'],
      (_, { route }) => route('pages')['paths'].push('/pages'),
    ],
    [
      'a path that is listed and not open any more',
      ['public-routes.json: /portal is listed, but not open'],
      (_, { route }) => route('pages')['paths'].pop(),
    ],
    [
      'a route where only keycloak-principal asks for nobody',
      [
        'route v1 of service llm-api: keycloak-jwt has access principal, keycloak-principal has public',
        'route v1 of service llm-api: keycloak-apikey has access principal, keycloak-principal has public',
        'route v1 of service llm-api: /v1 is open, but not on the list of public routes',
        'route v1 of service llm-api: nobody is known here, so it is limited by ip',
      ],
      (_, { route }) => {
        route('v1')['plugins'] = [
          newPlugin('keycloak-principal', opened),
          newPlugin('rate-limiting', { ...LIMIT, limit_by: 'credential' }, { id: id(3) }),
        ];
      },
    ],
    [
      'a route where tokens are not asked for',
      [
        'route mcp of service mcp-tools: keycloak-jwt has access public, keycloak-principal has principal',
        'route mcp of service mcp-tools: has a keycloak-jwt of its own, which replaces the global one',
      ],
      (_, { route }) => route('mcp')['plugins'].push(newPlugin('keycloak-jwt', opened)),
    ],
    [
      'a route that is judged by rules of its own',
      ['route mcp of service mcp-tools: has a keycloak-apikey of its own, which replaces the global one'],
      (file, { plugin, route }) =>
        route('mcp')['plugins'].push({ ...plugin('keycloak-apikey', file), id: id(3) }),
    ],
    [
      'a whole service opened',
      [
        'route mcp of service mcp-tools: keycloak-jwt has access principal, keycloak-principal has public',
        'route mcp of service mcp-tools: keycloak-apikey has access principal, keycloak-principal has public',
        'route mcp of service mcp-tools: /mcp is open, but not on the list of public routes',
      ],
      (_, { service }) => (service('mcp-tools')['plugins'] = [newPlugin('keycloak-principal', opened)]),
    ],
    [
      'a new route without limits',
      [
        'route new of service llm-api: tier guest has no limit',
        'route new of service llm-api: tier registered has no limit',
        'route new of service llm-api: tier key has no limit',
      ],
      (_, { service }) => service('llm-api')['routes'].push(newRoute({})),
    ],
    [
      'a tier without its limit',
      ['route llm of service llm-api: tier key has no limit'],
      (_, { route }) => route('llm')['plugins'].pop(),
    ],
    [
      'a tier that counts all as one',
      [
        'route llm of service llm-api: tier guest counts all its principals as one: limit_by must be credential',
      ],
      (_, { route }) => (route('llm')['plugins'][0]!.config.limit_by = 'consumer'),
    ],
    [
      'a tier of all keys that has no consumer',
      ['account', 'llm', 'v1', 'media', 'responses', 'mcp'].map(
        (name) => `route ${name} of service ${SERVICE_OF[name]}: tier key has no consumer`,
      ),
      (_, { plugin }) => (plugin('keycloak-principal')['config'].tiers.key = 'tier-gone'),
    ],
    [
      'a route for consumers with no way in',
      ['route api of service echo-api: is not protected: none of oauth2, key-auth'],
      (_, { route, without }) => without('key-auth', route('api')),
    ],
    [
      'a route for any consumer',
      ['route api of service echo-api: has no acl: any consumer would do'],
      (_, { route, without }) => without('acl', route('api')),
    ],
    [
      'a route for consumers without a limit',
      ['route api of service echo-api: has no limit per credential'],
      (_, { route, without }) => without('rate-limiting', route('api')),
    ],
    [
      'an access that is not known',
      [
        'plugin keycloak-principal of route api: config.access: must be one of principal, public, consumer',
        'route api of service echo-api: keycloak-apikey has access consumer, keycloak-principal has open',
        'route api of service echo-api: keycloak-jwt has access consumer, keycloak-principal has open',
        'route api of service echo-api: access "open" is not known',
      ],
      (_, { route, plugin }) => (plugin('keycloak-principal', route('api'))['config'].access = 'open'),
    ],
    [
      'an anonymous consumer that does not exist',
      ['plugin oauth2 of route apis-llm: there is no consumer "nobody"'],
      (_, { route, plugin }) => (plugin('oauth2', route('apis-llm'))['config'].anonymous = 'nobody'),
    ],
    [
      'an anonymous consumer that is let through',
      ['route apis-llm of service llm-api: "kong-anon-jwt" is not terminated'],
      (_, { route, plugin }) => (plugin('key-auth', route('apis-llm'))['config'].anonymous = 'kong-anon-jwt'),
    ],
    [
      'a second token plugin',
      [
        'route mcp of service mcp-tools: needs one of keycloak-jwt, jwt, has 2',
        'route mcp of service mcp-tools: has a jwt of its own, which replaces the global one',
      ],
      (_, { route }) => route('mcp')['plugins'].push(newPlugin('jwt', STOCK)),
    ],
    [
      'a closed route that leads somewhere else than to its end',
      ['route closed: leads to no service and is not terminated'],
      (_, { route, without }) => without('request-termination', route('closed')),
    ],
    [
      'one of ours for one consumer only',
      ['plugin keycloak-principal of consumer tier-key: can not belong to a consumer'],
      ({ plugins }) => plugins.push(newPlugin('keycloak-principal', opened, { consumer: 'tier-key' })),
    ],
    [
      'a reference to nothing',
      ['plugin rate-limiting: there is no route "gone"'],
      ({ plugins }) => plugins.push(newPlugin('rate-limiting', LIMIT, { route: 'gone' })),
    ],
    [
      'a service of ours that is told of a consumer without a proof',
      ['route apis-llm of service llm-api: has no identity_secret: the service would refuse its consumers'],
      (_, { route, plugin }) =>
        delete plugin('keycloak-principal', route('apis-llm'))['config'].identity_secret,
    ],
    [
      'a proof for a third party',
      ['route api of service echo-api: has an identity_secret, but leads to a service that is not ours'],
      (_, { route, plugin }) =>
        (plugin('keycloak-principal', route('api'))['config'].identity_secret =
          '{vault://env/gateway-secret}'),
    ],
  ])('refuses %s', (_name, faults, change) => {
    expect([...changed(change)].sort()).toEqual([...faults].sort());
  });

  it.each(['keycloak-jwt', 'keycloak-apikey', 'keycloak-principal'])(
    'refuses a topology without %s',
    (name) => {
      const faults = changed((file, { without }) => without(name, file));
      expect(faults.length).toBe(6);
      for (const fault of faults)
        expect(fault).toMatch(/is not protected|needs one of|has no keycloak-apikey/);
    },
  );

  it('refuses a second lock that is left open, or conditional', () => {
    const noLock = changed((file, { without }) => without('request-termination', file));
    expect(noLock.filter((fault) => fault.endsWith('"kong-anon-key" is not terminated')).length).toBe(11);
    expect(changed((_, { plugin }) => (plugin('request-termination')['config'].trigger = 'x'))).toEqual([
      'plugin request-termination of consumer kong-anon-key: config.trigger: not a field we use',
    ]);
  });

  it('holds for files in which everything names its parents', () => {
    const faults = changed((file) => {
      file['routes'].push(newRoute({ service: { name: 'llm-api' } }));
      const own = file.plugins[0]!;
      own['route'] = { id: id(1) };
    });
    expect(faults).toEqual(
      ['guest', 'registered', 'key'].map((tier) => `route new of service llm-api: tier ${tier} has no limit`),
    );
  });
});
