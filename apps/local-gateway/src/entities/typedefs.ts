import { isIP, isIPv6 } from 'node:net';
import type { Field } from './field.js';
import { type Value, textOf } from './value.js';
import { normalisePath } from '../uri-path.js';

type Text = (text: string) => string | undefined;
const text = (check: Text) => (value: Value) => check(textOf(value));

const isName = (host: string) =>
  /^[\w-]([\w.-]*[\w-])?\.?$/.test(host) && !/^[\d.]+$/.test(host) && !host.includes('..');

function checkHost(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) || isName(host)) return undefined;
  if (/^(\[[^\]]+\]|[^:]+):\d*\w*$/.test(host)) return 'must not have a port';
  return `invalid value: ${host}`;
}

function checkWildcardHost(host: string): string | undefined {
  const star = host.indexOf('*');
  if (star > 0 && star !== host.length - 1) return 'wildcard must be leftmost or rightmost character';
  if (host.split('*').length > 2) return 'only one wildcard must be specified';
  const mock = host.replace('*', 'wildcard');
  if (isIP(mock.replace(/:\d+$/, '')) || isIPv6(mock)) return 'must not be an IP';
  return checkHost(mock);
}

function checkPath(path: string): string | undefined {
  if (!/^\/[\w.\-~/%:@!$&'()*+,;=]*$/.test(path))
    return `invalid path: '${path}' (characters outside of the reserved list of RFC 3986 found)`;
  const raw = path.replace(/%[0-9a-f]{2}/gi, '___');
  const at = raw.indexOf('%');
  return at < 0 ? undefined : `invalid url-encoded value: '${raw.slice(at, at + 3)}'`;
}

function checkRouterPath(path: string): string | undefined {
  if (path.startsWith('~')) {
    try {
      new RegExp(path.slice(1).replace(/\(\?P</g, '(?<'));
      return undefined;
    } catch (error) {
      return `invalid regex: '${path.slice(1)}' (PCRE returned: ${(error as Error).message})`;
    }
  }
  const fault = checkPath(path);
  if (fault?.startsWith('invalid url')) return fault;
  const normal = normalisePath(path);
  return path === normal ? undefined : `non-normalized path, consider use '${normal}' instead`;
}

function checkName(name: string): string | undefined {
  return /^[\w.\-~\x80-\u{10ffff}]+$/u.test(name)
    ? undefined
    : `invalid value '${name}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`;
}

function checkTag(tag: string): string | undefined {
  return /^[\x20-\x2b\x2d\x2e\x30-\x7e\x80-\u{10ffff}]+$/u.test(tag)
    ? undefined
    : `invalid tag '${tag}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;
}

export function checkHeaderName(name: string): string | undefined {
  return /^[\w-]+$/.test(name)
    ? undefined
    : `bad header name '${name}', allowed characters are A-Z, a-z, 0-9, '_', and '-'`;
}

const PROTOCOLS = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp'];
const HTTP_PROTOCOLS = ['grpc', 'grpcs', 'http', 'https'];

const string = { type: 'string' } as const;
const headerName: Field = { ...string, custom_validator: text(checkHeaderName) };
const routerPath: Field = {
  ...string,
  match_none: [{ pattern: '//', err: 'must not have empty segments' }],
  match_any: { patterns: ['^/', '^~/'], err: 'should start with: / (fixed path) or ~/ (regex path)' },
  custom_validator: text(checkRouterPath),
};
const setOf = (one_of: readonly string[], more: Partial<Field> = {}): Field => ({
  type: 'set', required: true, len_min: 1, elements: { ...string, one_of }, ...more,
}); // prettier-ignore

/** Kinds of field by Kong's names for them; Lua schemas ask for them as `kong.db.schema.typedefs`. */
export const typedefs = {
  uuid: { ...string, uuid: true, auto: true },
  auto_timestamp_s: { type: 'integer', timestamp: true, auto: true },
  auto_timestamp_ms: { type: 'number', timestamp: true, auto: true },
  timestamp: { type: 'number', timestamp: true },
  utf8_name: { ...string, unique: true, custom_validator: text(checkName) },
  name: { ...string, unique: true, custom_validator: text(checkName) },
  tag: { ...string, required: true, custom_validator: text(checkTag) },
  tags: { type: 'set', elements: { ...string, required: true, custom_validator: text(checkTag) } },
  protocol: { ...string, one_of: PROTOCOLS },
  protocols: setOf(PROTOCOLS, { default: HTTP_PROTOCOLS }),
  protocols_http: setOf(HTTP_PROTOCOLS, { default: HTTP_PROTOCOLS }),
  protocols_http_https: setOf(['http', 'https'], { default: ['http', 'https'] }),
  host: { ...string, custom_validator: text(checkHost) },
  redis_host: { ...string, custom_validator: text(checkHost) },
  host_with_optional_port: {
    ...string,
    custom_validator: text((host) => checkHost(host.replace(/:\d+$/, ''))),
  },
  wildcard_host: { ...string, custom_validator: text(checkWildcardHost) },
  port: { type: 'integer', between: [0, 65535] },
  path: {
    ...string,
    starts_with: '/',
    match_none: [{ pattern: '//', err: 'must not have empty segments' }],
    custom_validator: text(checkPath),
  },
  url: {
    ...string,
    custom_validator: text((url) =>
      /^[a-z][\w+.-]*:\/\//i.test(url)
        ? /^[a-z][\w+.-]*:\/\/[^/?#]+/i.test(url)
          ? undefined
          : 'missing host in url'
        : /^\/\/[^/]/.test(url)
          ? 'missing scheme in url'
          : 'missing host in url',
    ),
  },
  header_name: headerName,
  http_method: { ...string, match: '^%u+$' },
  methods: { type: 'set', elements: { ...string, match: '^%u+$' } },
  hosts: {
    type: 'array',
    elements: {
      ...string,
      match_all: [{ pattern: '^[^*]*%*?[^*]*$', err: 'invalid wildcard: must have at most one wildcard' }],
      match_any: {
        patterns: ['^%*%.', '%.%*$', '^[^*]*$'],
        err: 'invalid wildcard: must be placed at leftmost or rightmost label',
      },
      custom_validator: text(checkWildcardHost),
    },
  },
  router_paths: { type: 'array', elements: routerPath },
  router_path: routerPath,
  paths: { type: 'array', elements: routerPath },
  headers: { type: 'map', keys: headerName, values: { type: 'array', elements: string } },
  certificate: string,
  key: string,
  sni: { ...string, custom_validator: text(checkHost) },
  ip: { ...string, custom_validator: text((ip) => (isIP(ip) ? undefined : `not an ip address: ${ip}`)) },
  ip_or_cidr: {
    ...string,
    custom_validator: text((ip) =>
      isIP(ip.replace(/\/\d+$/, '')) ? undefined : `invalid ip or cidr range: '${ip}'`,
    ),
  },
  semantic_version: {
    ...string,
    match_any: { patterns: ['^%d+[%.%d]*$'], err: 'invalid version number: must be in format of X.Y.Z' },
  },
  ttl: { type: 'number', between: [0, 100_000_000] },
  timeout: { type: 'integer', between: [0, 2 ** 31 - 2] },
  no_consumer: { type: 'foreign', reference: 'consumers', eq: null },
  no_route: { type: 'foreign', reference: 'routes', eq: null },
  no_service: { type: 'foreign', reference: 'services', eq: null },
} satisfies Record<string, Field>;
