import { acls, jwts, keyAuths, oauth2, oauth2Tokens } from './credential-kinds.js';
import type { EntityCheck, Field } from './field.js';
import type { Kind } from './kind.js';
import { typedefs as t } from './typedefs.js';
import { type Entity, type Value, textOf } from './value.js';

export type { Kind } from './kind.js';

const string = { type: 'string' } as const;
const boolean = (preset: boolean): Field => ({ type: 'boolean', required: true, default: preset });
const foreign = (reference: string, more: Partial<Field> = {}): Field => ({
  type: 'foreign',
  reference,
  ...more,
});
const base = { id: t.uuid, created_at: t.auto_timestamp_s } as const;
const dated = { ...base, updated_at: t.auto_timestamp_s } as const;
const timeout: Field = { type: 'integer', default: 60_000, between: [1, 2 ** 31 - 2] };

const consumers: Kind = {
  name: 'consumers',
  endpointKey: 'username',
  fields: {
    ...dated,
    username: { ...string, unique: true },
    custom_id: { ...string, unique: true },
    tags: t.tags,
  },
  entity_checks: [{ at_least_one_of: ['custom_id', 'username'] }],
};

const onlyTls = (field: string): EntityCheck => ({
  conditional: {
    if_field: 'protocol',
    if_match: { not_one_of: ['https', 'tls'] },
    then_field: field,
    then_match: { eq: null },
  },
});

/** `url` of a service stands for protocol, host, port and path; taken apart as leniently as Kong does. */
export function splitUrl(url: Value): Entity {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)/i.exec(textOf(url));
  const [, scheme, authority, path] = match ?? [];
  const host = authority?.replace(/^.*@/, '');
  const port = /:(\d+)$/.exec(host ?? '')?.[1];
  const protocol = scheme ?? (port === '443' ? 'https' : 'http');
  return {
    protocol,
    host: host?.replace(/:\d*$/, '') || null,
    port: port ? Number(port) : protocol === 'https' ? 443 : 80,
    path: path || null,
  };
}

const services: Kind = {
  name: 'services',
  endpointKey: 'name',
  fields: {
    ...dated,
    name: t.utf8_name,
    retries: { type: 'integer', default: 5, between: [0, 32_767] },
    protocol: { ...t.protocol, required: true, default: 'http' },
    host: { ...t.host, required: true },
    port: { ...t.port, required: true, default: 80 },
    path: t.path,
    connect_timeout: timeout,
    write_timeout: timeout,
    read_timeout: timeout,
    tags: t.tags,
    client_certificate: foreign('certificates'),
    tls_verify: { type: 'boolean' },
    tls_verify_depth: { type: 'integer', default: null, between: [0, 64] },
    ca_certificates: { type: 'array', elements: { ...string, uuid: true } },
    enabled: boolean(true),
  },
  entity_checks: [
    {
      conditional: {
        if_field: 'protocol',
        if_match: { one_of: ['tcp', 'tls', 'udp', 'grpc', 'grpcs'] },
        then_field: 'path',
        then_match: { eq: null },
      },
    },
    ...['client_certificate', 'tls_verify', 'tls_verify_depth', 'ca_certificates'].map(onlyTls),
  ],
  shorthand_fields: { url: { ...string, func: splitUrl } },
};

const noStream = (field: string): Field => ({
  type: 'array',
  eq: null,
  err: `cannot set '${field}' when 'protocols' is 'http' or 'https'`,
});

const routes: Kind = {
  name: 'routes',
  endpointKey: 'name',
  fields: {
    ...dated,
    name: t.utf8_name,
    protocols: {
      type: 'set',
      len_min: 1,
      required: true,
      elements: t.protocol,
      default: ['http', 'https'],
      mutually_exclusive_subsets: [
        ['http', 'https'],
        ['tcp', 'tls', 'udp'],
        ['tls_passthrough'],
        ['grpc', 'grpcs'],
      ],
    },
    https_redirect_status_code: {
      type: 'integer',
      one_of: [426, 301, 302, 307, 308],
      default: 426,
      required: true,
    },
    strip_path: boolean(true),
    preserve_host: boolean(false),
    request_buffering: boolean(true),
    response_buffering: boolean(true),
    tags: t.tags,
    service: foreign('services'),
    snis: { type: 'set', elements: t.wildcard_host },
    sources: noStream('sources'),
    destinations: noStream('destinations'),
    methods: t.methods,
    hosts: t.hosts,
    paths: t.router_paths,
    headers: {
      ...t.headers,
      keys: {
        ...t.header_name,
        match_none: [
          {
            pattern: '^[Hh][Oo][Ss][Tt]$',
            err: "cannot contain 'host' header, which must be specified in the 'hosts' attribute",
          },
        ],
      },
    },
    regex_priority: { type: 'integer', default: 0 },
    path_handling: { ...string, default: 'v0', one_of: ['v0', 'v1'] },
  },
  entity_checks: [
    {
      conditional_at_least_one_of: {
        if_field: 'protocols',
        if_match: { contains: 'https' },
        then_at_least_one_of: ['methods', 'hosts', 'headers', 'paths', 'snis'],
        then_err: "must set one of %s when 'protocols' is 'https'",
        else_match: { contains: 'http' },
        else_then_at_least_one_of: ['methods', 'hosts', 'headers', 'paths'],
        else_then_err: "must set one of %s when 'protocols' is 'http'",
      },
    },
  ],
};

const scope = (reference: string) => foreign(reference, { default: null, on_delete: 'cascade' });

const plugins: Kind = {
  name: 'plugins',
  endpointKey: 'instance_name',
  uniqueTogether: ['name', 'route', 'service', 'consumer'],
  fields: {
    ...dated,
    name: { ...string, required: true },
    instance_name: t.utf8_name,
    route: scope('routes'),
    service: scope('services'),
    consumer: scope('consumers'),
    config: { type: 'record', abstract: true },
    protocols: t.protocols,
    enabled: boolean(true),
    tags: t.tags,
  },
};

const certificates: Kind = {
  name: 'certificates',
  fields: {
    ...dated,
    cert: { ...t.certificate, required: true },
    key: { ...t.key, required: true },
    cert_alt: string,
    key_alt: string,
    tags: t.tags,
  },
};

/** Every kind, parents before children. Upstreams, targets, SNIs, vaults and CA certificates are not there: 404. */
export const KINDS: readonly Kind[] = [
  certificates, services, routes, consumers, plugins, keyAuths, jwts, acls, oauth2, oauth2Tokens,
]; // prettier-ignore

export const adminName = (kind: Kind) => kind.adminName ?? kind.name;
export const nestedName = (kind: Kind) => kind.nestedName ?? adminName(kind);
export const kindNamed = (name: string): Kind => {
  const kind = KINDS.find((each) => each.name === name);
  if (!kind) throw new Error(`no kind of entity is called ${name}`);
  return kind;
};
