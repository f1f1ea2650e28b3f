/** Kinds of entity that we keep in Kong, as its Admin API calls their collections. */
export const KINDS = [
  'services',
  'consumers',
  'key-auths',
  'jwts',
  'acls',
  'oauth2',
  'plugins',
  'routes',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Reference {
  readonly to: Kind;
  /** Falls with what it refers to; otherwise Kong refuses to delete that. */
  readonly cascades: boolean;
  /** What the collection is called below the other one: `/consumers/{id}/key-auth`. */
  readonly nested: string;
}

export interface KindRules {
  /** In texts: `consumer tier-guest`. */
  readonly singular: string;
  readonly references: Readonly<Record<string, Reference>>;
  /** Each of these sets of fields is Kong's to keep unique. */
  readonly unique: readonly (readonly string[])[];
  /** Lists in which order means nothing. */
  readonly sets: readonly string[];
  readonly secrets: readonly string[];
  /** What a field is when it is not given. Fields that are not here are Kong's own affair (times, generated secrets). */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether one can be asked for by its unique field in the path without writing a secret there. */
  readonly byName?: string;
}

const MINUTE_MS = 60_000;
const ofConsumer = (nested: string): Readonly<Record<string, Reference>> => ({
  consumer: { to: 'consumers', cascades: true, nested },
});

/** Kong 3.9's rules as far as a plan needs them (kong/db/schema/entities and the schemas of the four plugins). */
export const RULES: Readonly<Record<Kind, KindRules>> = {
  services: {
    singular: 'service',
    references: {},
    unique: [['name']],
    sets: ['tags', 'ca_certificates'],
    secrets: [],
    byName: 'name',
    defaults: {
      retries: 5,
      protocol: 'http',
      port: 80,
      path: null,
      connect_timeout: MINUTE_MS,
      write_timeout: MINUTE_MS,
      read_timeout: MINUTE_MS,
      client_certificate: null,
      tls_verify: null,
      tls_verify_depth: null,
      ca_certificates: null,
      enabled: true,
    },
  },
  consumers: {
    singular: 'consumer',
    references: {},
    unique: [['username'], ['custom_id']],
    sets: ['tags'],
    secrets: [],
    byName: 'username',
    defaults: { username: null, custom_id: null },
  },
  'key-auths': {
    singular: 'key-auth credential',
    references: ofConsumer('key-auth'),
    unique: [['key']],
    sets: ['tags'],
    secrets: ['key'],
    defaults: {},
  },
  jwts: {
    singular: 'jwt credential',
    references: ofConsumer('jwt'),
    unique: [['key']],
    sets: ['tags'],
    secrets: ['secret'],
    byName: 'key',
    defaults: { algorithm: 'HS256', rsa_public_key: null },
  },
  acls: {
    singular: 'acl group',
    references: ofConsumer('acls'),
    unique: [['consumer', 'group']],
    sets: ['tags'],
    secrets: [],
    defaults: {},
  },
  oauth2: {
    singular: 'oauth2 credential',
    references: ofConsumer('oauth2'),
    unique: [['client_id']],
    sets: ['tags', 'redirect_uris'],
    secrets: ['client_secret'],
    byName: 'client_id',
    defaults: { hash_secret: false, client_type: 'confidential', redirect_uris: null },
  },
  plugins: {
    singular: 'plugin',
    references: {
      route: { to: 'routes', cascades: true, nested: 'plugins' },
      service: { to: 'services', cascades: true, nested: 'plugins' },
      consumer: { to: 'consumers', cascades: true, nested: 'plugins' },
    },
    unique: [['name', 'route', 'service', 'consumer'], ['instance_name']],
    sets: ['tags', 'protocols'],
    secrets: [],
    defaults: {
      instance_name: null,
      route: null,
      service: null,
      consumer: null,
      protocols: ['grpc', 'grpcs', 'http', 'https'],
      enabled: true,
    },
  },
  routes: {
    singular: 'route',
    references: { service: { to: 'services', cascades: false, nested: 'routes' } },
    unique: [['name']],
    sets: ['tags', 'protocols', 'methods', 'hosts', 'paths', 'snis'],
    secrets: [],
    byName: 'name',
    defaults: {
      protocols: ['http', 'https'],
      methods: null,
      hosts: null,
      paths: null,
      headers: null,
      snis: null,
      sources: null,
      destinations: null,
      service: null,
      https_redirect_status_code: 426,
      regex_priority: 0,
      path_handling: 'v0',
      strip_path: true,
      preserve_host: false,
      request_buffering: true,
      response_buffering: true,
    },
  },
};

/** Kinds that refer to this one, and by which field. */
export function referrersOf(kind: Kind): readonly (readonly [Kind, string, Reference])[] {
  return KINDS.flatMap((other) =>
    Object.entries(RULES[other].references)
      .filter(([, { to }]) => to === kind)
      .map(([field, reference]) => [other, field, reference] as const),
  );
}
