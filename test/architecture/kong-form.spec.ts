import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { topology, topologyOptions, toYaml, withoutDatabase } from '../../kong/topology/index.js';
import { type Change, changed, judge, newPlugin } from '../support/edited-topology.js';

/** Looks like a secret, and is none: made now. */
const random = `aZ9${randomBytes(24).toString('base64url')}`;

describe('what is in order', () => {
  it.each([
    ['the topology', toYaml(topology(topologyOptions({})))],
    ['without a database', toYaml(withoutDatabase(topology(topologyOptions({}))))],
    ['with the stock jwt plugin', toYaml(topology(topologyOptions({ KONG_JWT_PLUGIN: 'jwt' })))],
    [
      'for one machine',
      toYaml(topology(topologyOptions({ LIMITS_PROFILE: 'development', CORS_ORIGINS: ',' }))),
    ],
  ])('%s', (_name, text) => {
    expect(judge(text)).toEqual([]);
  });
});

describe('fields', () => {
  it.each<[string, string, Change]>([
    [
      'an unknown field of a service',
      'service llm-api: timeout: not a field we use',
      (_, { service }) => (service('llm-api')['timeout'] = 1),
    ],
    [
      'a service that is turned off',
      'service llm-api: enabled: not a field we use',
      (_, { service }) => (service('llm-api')['enabled'] = false),
    ],
    [
      'a port that is none',
      'service llm-api: port: Invalid input: expected number, received string',
      (_, { service }) => (service('llm-api')['port'] = '8081'),
    ],
    [
      'a route that wins by its host',
      'route llm of service llm-api: hosts: not a field we use',
      (_, { route }) => (route('llm')['hosts'] = ['a.test']),
    ],
    [
      'a pattern as a path',
      'route v1 of service llm-api: paths.0: must be plain, beginning with /: no pattern is judged here',
      (_, { route }) => (route('v1')['paths'] = ['~/v\\d+']),
    ],
    [
      'an unknown field of a consumer',
      'consumer tier-key: type: not a field we use',
      ({ consumers }) => (consumers.at(-1)!['type'] = 0),
    ],
    [
      'an unknown field of our plugin',
      'plugin keycloak-jwt: config.algorithm: not a field we use',
      (_, { plugin }) => (plugin('keycloak-jwt')['config'].algorithm = 'RS256'),
    ],
    [
      'a wrong type in our plugin',
      'plugin keycloak-apikey: config.ttl: Invalid input: expected number, received string',
      (_, { plugin }) => (plugin('keycloak-apikey')['config'].ttl = '60'),
    ],
    [
      'tokens of any issuer',
      'plugin keycloak-jwt: config.issuer: must be set',
      (_, { plugin }) => delete plugin('keycloak-jwt')['config'].issuer,
    ],
    [
      'tokens for nobody',
      'plugin keycloak-jwt: config.audience: Too small: expected array to have >=1 items',
      (_, { plugin }) => (plugin('keycloak-jwt')['config'].audience = []),
    ],
    [
      'a plugin that is turned off',
      'plugin keycloak-principal: enabled: not a field we use',
      (_, { plugin }) => (plugin('keycloak-principal')['enabled'] = false),
    ],
    [
      'a plugin that runs for one protocol only',
      'plugin keycloak-principal: protocols: not a field we use',
      (_, { plugin }) => (plugin('keycloak-principal')['protocols'] = ['grpc']),
    ],
    [
      'a plugin nobody knows',
      'plugin pre-function of route llm: not a plugin we use',
      (_, { route }) => route('llm')['plugins'].push(newPlugin('pre-function', { access: ['return'] })),
    ],
    [
      'a credential in the address',
      'plugin key-auth of route api: config.key_in_query: Invalid input: expected false',
      (_, { route, plugin }) => (plugin('key-auth', route('api'))['config'].key_in_query = true),
    ],
    [
      'a limit that fails closed',
      'plugin rate-limiting of route register: config.fault_tolerant: Invalid input: expected true',
      (_, { route, plugin }) => (plugin('rate-limiting', route('register'))['config'].fault_tolerant = false),
    ],
    [
      'any origin with credentials',
      'plugin cors: config.: any origin, with credentials',
      (_, { plugin }) => (plugin('cors')['config'].credentials = true),
    ],
    [
      'no origin, which is any',
      'plugin cors: config.origins: an empty list is any origin',
      (_, { plugin }) => (plugin('cors')['config'].origins = []),
    ],
    [
      'a missing tag',
      'route llm of service llm-api: tags: must have the tag topology',
      (_, { route }) => (route('llm')['tags'] = ['mine']),
    ],
    [
      'no tags at all',
      'plugin cors: tags: Invalid input: expected array, received undefined',
      (_, { plugin }) => delete plugin('cors')['tags'],
    ],
    [
      'no id',
      'consumer tier-key: id: Invalid input: expected string, received undefined',
      ({ consumers }) => delete consumers.at(-1)!['id'],
    ],
    ['another format', '_format_version must be "3.0"', (file) => (file['_format_version'] = '2.1')],
    ['another section', 'upstreams: not a section we use', (file) => (file['upstreams'] = [])],
  ])('refuses %s', (_name, fault, change) => {
    expect(changed(change)).toEqual([fault]);
  });

  it('refuses an algorithm for the stock jwt plugin: it belongs to the credential', () => {
    const stock = toYaml(topology(topologyOptions({ KONG_JWT_PLUGIN: 'jwt' })));
    expect(changed((_, { plugin }) => (plugin('jwt')['config'].algorithm = 'RS256'), stock)).toEqual([
      'plugin jwt: config.algorithm: not a field we use',
    ]);
  });

  it('refuses what is no declarative file', () => {
    expect(judge('[')[0]).toMatch(/^not YAML: /);
    expect(judge('- a')[0]).toBe('not a declarative file');
    expect(judge('{"_format_version": "3.0", "services": {}}')).toContain('services must be a list');
  });
});

describe('secrets', () => {
  it.each<[string, string, Change]>([
    [
      'a key of a consumer',
      'consumer tier-key: keyauth_credentials: credentials do not belong in Git',
      ({ consumers }) => (consumers.at(-1)!['keyauth_credentials'] = [{ key: 'x' }]),
    ],
    [
      'a group of a consumer',
      'consumer tier-key: acls: credentials do not belong in Git',
      ({ consumers }) => (consumers.at(-1)!['acls'] = [{ group: 'llm' }]),
    ],
    [
      'credentials by themselves',
      'jwt_secrets: credentials do not belong in Git',
      (file) => (file['jwt_secrets'] = [{ consumer: 'keycloak-issuer', key: 'kid' }]),
    ],
    [
      'a literal where a reference belongs',
      'plugin keycloak-principal: config.identity_secret: must be a {vault://env/…} reference',
      (_, { plugin }) => (plugin('keycloak-principal')['config'].identity_secret = 'short'),
    ],
    [
      'a reference to no vault of ours',
      "plugin keycloak-principal: config.usage_url: not a reference that Kong's env vault reads",
      (_, { plugin }) => (plugin('keycloak-principal')['config'].usage_url = '{vault://aws/url}'),
    ],
    [
      'something random anywhere',
      'plugin keycloak-jwt: config.audience: looks like a secret',
      (_, { plugin }) => plugin('keycloak-jwt')['config'].audience.push(random),
    ],
    [
      'an API key',
      'plugin keycloak-jwt: config.audience: looks like a secret',
      (_, { plugin }) => plugin('keycloak-jwt')['config'].audience.push(`sk_live_${'a'.repeat(38)}`),
    ],
  ])('refuses %s', (_name, fault, change) => {
    expect(changed(change)).toEqual([fault]);
  });
});
