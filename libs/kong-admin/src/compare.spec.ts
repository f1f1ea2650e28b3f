import { describe, expect, it } from '@jest/globals';
import { changesOf } from './compare.js';
import type { Kind } from './kinds.js';

type Fields = Readonly<Record<string, unknown>>;
const fieldsChanged = (kind: Kind, desired: Fields, actual: Fields) =>
  changesOf(kind, { id: '1', ...desired }, { id: '1', ...actual }).map(({ field }) => field);

describe('what differs', () => {
  it('is nothing that Kong fills in', () => {
    const filled = {
      name: 's', host: 'h', retries: 5, protocol: 'http', port: 80, path: null, connect_timeout: 60000,
      write_timeout: 60000, read_timeout: 60000, enabled: true, tags: null, created_at: 1, updated_at: 2, of_kong_4: 3,
    }; // prettier-ignore
    expect(fieldsChanged('services', { name: 's', host: 'h' }, filled)).toEqual([]);
    const secret = { key: 'kid', secret: 'made by Kong', algorithm: 'HS256', rsa_public_key: null };
    expect(fieldsChanged('jwts', { key: 'kid' }, secret)).toEqual([]);
  });

  it.each<[string, Kind, Fields]>([
    ['a plugin switched off', 'plugins', { enabled: false }],
    ['a plugin for other protocols', 'plugins', { protocols: ['https'] }],
    ['a plugin moved to a route', 'plugins', { route: { id: 'r' } }],
    ['a route for some methods only', 'routes', { methods: ['GET'] }],
    ['a service switched off', 'services', { enabled: false }],
    ['a consumer with another id of ours', 'consumers', { custom_id: 'x' }],
    ['an oauth2 client that need not show its secret', 'oauth2', { client_type: 'public' }],
  ])('is a field of which we said nothing: %s', (_what, kind, drift) => {
    const [field] = Object.keys(drift);
    const changed = fieldsChanged(kind, {}, drift).map((each) => each.split('.')[0]);
    expect(changed).toContain(field);
  });

  it('is no order of what is a set, but that of a list in a plugin’s configuration', () => {
    const route = { paths: ['/a', '/b'], tags: ['x', 'y'] };
    const turned = { paths: ['/b', '/a'], tags: ['y', 'x'], protocols: ['https', 'http'] };
    expect(fieldsChanged('routes', route, { ...defaultsOfRoute, ...turned })).toEqual([]);
    expect(fieldsChanged('plugins', { config: { l: [1, 2] } }, { ...on, config: { l: [2, 1] } })).toEqual([
      'config.l',
    ]);
  });

  it('is compared as deep as we say something', () => {
    const there = { ...on, config: { minute: 5, hour: null, redis: { host: null, port: 6379 } } };
    expect(fieldsChanged('plugins', { config: { minute: 5 } }, there)).toEqual([]);
    expect(fieldsChanged('plugins', { config: { redis: { port: 1 } } }, there)).toEqual([
      'config.redis.port',
    ]);
    expect(fieldsChanged('plugins', { config: { list: [] } }, { ...on, config: { list: {} } })).toEqual([]);
  });

  it('is not a secret of which Kong keeps a hash', () => {
    const client = { client_secret: 's', hash_secret: true };
    const there = { client_secret: '$pbkdf2$…', hash_secret: true, client_type: 'confidential' };
    expect(fieldsChanged('oauth2', client, there)).toEqual([]);
  });
});

const on = { enabled: true, protocols: ['http', 'https', 'grpc', 'grpcs'] };
const defaultsOfRoute = {
  https_redirect_status_code: 426, regex_priority: 0, path_handling: 'v0', strip_path: true, preserve_host: false,
  request_buffering: true, response_buffering: true,
}; // prettier-ignore
