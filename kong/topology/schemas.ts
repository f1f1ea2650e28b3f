import { z } from 'zod';
import { TAG } from './entities.js';
import { luaSchema } from './lua-schema.js';
import { describe, type DeclarativeFile, type Item } from './read.js';

const LOADED_FROM_GIT = ['keycloak-jwt', 'keycloak-apikey', 'keycloak-principal'] as const;

const text = z.string().min(1);
const flag = z.boolean();
const milliseconds = z.int().positive();
const perPeriod = z.int().positive();
const common = {
  id: z.uuid(),
  tags: z.array(text).refine((tags) => tags.includes(TAG), `must have the tag ${TAG}`),
};

/**
 * The fields that we use, of those that Kong has: nothing here turns a thing off (`enabled`, `protocols`), makes it
 * conditional (`trigger`), or lets a route win by something else than its path (`hosts`, `methods`, `headers`).
 */
const ENTITIES = {
  service: z.strictObject({
    ...common,
    name: text,
    protocol: z.enum(['http', 'https']),
    host: text,
    port: z.int().min(1).max(65_535),
    connect_timeout: milliseconds.optional(),
    read_timeout: milliseconds.optional(),
    write_timeout: milliseconds.optional(),
    retries: z.int().min(0).optional(),
  }),
  route: z.strictObject({
    ...common,
    name: text,
    paths: z
      .array(
        z.string().regex(/^(\/[\w.-]+)*\/?$/, 'must be plain, beginning with /: no pattern is judged here'),
      )
      .min(1),
    strip_path: flag,
    preserve_host: flag.optional(),
    request_buffering: flag.optional(),
    response_buffering: flag.optional(),
  }),
  consumer: z.strictObject({ ...common, username: text, custom_id: text.optional() }),
  plugin: z.strictObject({
    ...common,
    name: text,
    instance_name: text.optional(),
    config: z.looseObject({}),
  }),
};

/** What of Kong's own plugins we use, as Kong 3.9 has it. */
const BUNDLED: Readonly<Record<string, z.ZodType>> = {
  jwt: z.strictObject({
    key_claim_name: z.literal('kid'),
    claims_to_verify: z
      .array(z.enum(['exp', 'nbf']))
      .refine((claims) => claims.includes('exp'), 'must have exp'),
    maximum_expiration: z.int().positive().max(3660),
    header_names: z.array(text),
    uri_param_names: z.array(text).max(0, 'tokens come from headers only'),
    cookie_names: z.array(text).max(0, 'tokens come from headers only'),
    run_on_preflight: z.literal(false),
    anonymous: text.optional(),
    realm: text.optional(),
  }),
  'key-auth': z.strictObject({
    key_names: z.array(text).min(1),
    key_in_header: z.literal(true),
    key_in_query: z.literal(false),
    key_in_body: z.literal(false),
    hide_credentials: z.literal(true),
    run_on_preflight: flag.optional(),
    anonymous: text.optional(),
    realm: text.optional(),
  }),
  oauth2: z.strictObject({
    enable_client_credentials: flag,
    enable_implicit_grant: flag,
    token_expiration: z.int().positive(),
    accept_http_if_already_terminated: flag.optional(),
    hide_credentials: z.literal(true),
    scopes: z.array(text).optional(),
    anonymous: text.optional(),
  }),
  acl: z.strictObject({ allow: z.array(text).min(1), hide_groups_header: flag.optional() }),
  'rate-limiting': z
    .strictObject({
      second: perPeriod.optional(),
      minute: perPeriod.optional(),
      hour: perPeriod.optional(),
      day: perPeriod.optional(),
      limit_by: z.enum(['ip', 'credential', 'consumer']),
      policy: z.literal('local'),
      fault_tolerant: z.literal(true),
      hide_client_headers: flag.optional(),
    })
    .refine(({ second, minute, hour, day }) => second ?? minute ?? hour ?? day, 'must limit something'),
  cors: z
    .strictObject({
      origins: z.array(text).min(1, 'an empty list is any origin'),
      credentials: flag,
      methods: z.array(text),
      headers: z.array(text).optional(),
      exposed_headers: z.array(text).optional(),
      max_age: z.int().positive().optional(),
      preflight_continue: z.literal(false),
    })
    .refine(
      ({ origins, credentials }) => !(credentials && origins.includes('*')),
      'any origin, with credentials',
    ),
  'request-termination': z.strictObject({
    status_code: z.int().min(400, 'must be a refusal').max(599),
    content_type: text,
    body: text,
  }),
};
const MAY_HAVE_CONSUMER = ['rate-limiting', 'request-termination'];

/** Faults of form: what Kong itself would refuse, and what we do not use. `root` holds kong/plugins. */
export function formFaults(file: DeclarativeFile, root: string): string[] {
  const configs = configSchemas(root);
  const items = [...file.services, ...file.routes, ...file.consumers, ...file.plugins];
  return [
    ...configs.faults,
    ...items.flatMap((item) => issues(item, ENTITIES[item.kind], item.fields)),
    ...file.plugins.flatMap((item) => {
      const schema = configs.byPlugin.get(item.name);
      if (schema === undefined) return [`${describe(item)}: not a plugin we use`];
      return issues(item, schema, item.fields['config'] ?? {}, 'config.');
    }),
    ...file.plugins
      .filter(({ name, consumer }) => consumer !== undefined && !MAY_HAVE_CONSUMER.includes(name))
      .map((item) => `${describe(item)}: can not belong to a consumer`),
  ];
}

function configSchemas(root: string) {
  const byPlugin = new Map(Object.entries(BUNDLED));
  const faults: string[] = [];
  for (const name of LOADED_FROM_GIT) {
    const schema = luaSchema(root, name);
    if (typeof schema === 'string') faults.push(schema);
    byPlugin.set(name, typeof schema === 'string' ? z.unknown() : schema);
  }
  return { byPlugin, faults };
}

function issues(item: Item, schema: z.ZodType, value: unknown, at = ''): string[] {
  const result = schema.safeParse(value);
  const where = describe(item);
  return (result.error?.issues ?? []).flatMap((issue) => {
    const path = at + issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [`${where}: ${path}: ${issue.message}`];
    const prefix = issue.path.length > 0 ? `${path}.` : at;
    return issue.keys.map((key) => `${where}: ${prefix}${key}: not a field we use`);
  });
}
