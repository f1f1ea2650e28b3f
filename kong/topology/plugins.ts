import { NAMESPACE } from '#config';
import type { PluginConfig } from './entities.js';
import type { TopologyOptions } from './options.js';

/** Who a route is open to: a principal of ours, everybody, or a consumer that Kong's own plugins let in. */
export type Access = 'principal' | 'public' | 'consumer';

/** The two that `anonymous` leads to, and the tiers: consumers without any credential. */
export const ANONYMOUS = { jwt: 'kong-anon-jwt', key: 'kong-anon-key' } as const;
export const ISSUER = 'keycloak-issuer';
export const TIERS = { guest: 'tier-guest', registered: 'tier-registered', key: 'tier-key' } as const;

const SCOPES = { 'llm-api': 'llm', 'media-api': 'media', 'response-api': 'responses', 'mcp-tools': 'mcp' };
const GATEWAY_SECRET = '{vault://env/gateway-secret}';
const CALL_SECRET = '{vault://env/gateway-call-secret}';
const HOUR_SECONDS = 3600;
const SKEW_SECONDS = 60;

type PluginConfigs = readonly (readonly [name: string, config: PluginConfig])[];

/**
 * The plugins that decide who is calling. Global they are closed; a route that is not for principals has its own
 * instance of each, because the most specific instance of a plugin replaces the others whole.
 *
 * @param isOurs the service behind believes the gateway's proof; a third party's is given none
 */
export function accessPlugins(options: TopologyOptions, access: Access, isOurs = true): PluginConfigs {
  const principal = access === 'public' ? { access } : principalConfig(options, access, isOurs);
  return [
    options.jwtPlugin === 'jwt'
      ? ['jwt', stockJwtConfig(access)]
      : ['keycloak-jwt', access === 'principal' ? jwtConfig(options) : { access }],
    ['keycloak-apikey', access === 'principal' ? apiKeyConfig(options) : { access }],
    ['keycloak-principal', principal],
  ];
}

function jwtConfig(options: TopologyOptions): PluginConfig {
  return {
    access: 'principal',
    issuer: options.issuer,
    jwks_url: options.jwksUrl,
    audience: options.audience,
    accepted_parties: options.acceptedParties,
    maximum_lifetime: HOUR_SECONDS,
    clock_skew: SKEW_SECONDS,
    jwks_max_age: 60,
    jwks_window: 5,
    jwks_timeout: 2000,
    token_cache_ttl: 60,
    ssl_verify: options.sslVerify,
    run_on_preflight: false,
    anonymous: ANONYMOUS.jwt,
  };
}

/** Knows nothing of `access`: where nobody is to be asked for a token, it is told to look for one nowhere. */
function stockJwtConfig(access: Access): PluginConfig {
  return {
    key_claim_name: 'kid',
    claims_to_verify: ['exp'],
    maximum_expiration: HOUR_SECONDS + SKEW_SECONDS,
    header_names: access === 'principal' ? ['authorization'] : [],
    uri_param_names: [],
    cookie_names: [],
    run_on_preflight: false,
    anonymous: ANONYMOUS.jwt,
  };
}

function apiKeyConfig(options: TopologyOptions): PluginConfig {
  return {
    access: 'principal',
    validation_url: options.validationUrl,
    validation_timeout: 5000,
    call_secret: CALL_SECRET,
    key_prefix: options.keyPrefix,
    key_names: ['X-API-Key'],
    hide_credentials: true,
    run_on_preflight: false,
    ttl: 60,
    neg_ttl: 10,
    stale_ttl: 60,
    unknown_per_minute: options.limits.unknownKeysPerMinute,
    ssl_verify: options.sslVerify,
    anonymous: ANONYMOUS.key,
  };
}

function principalConfig(options: TopologyOptions, access: Access, isOurs: boolean): PluginConfig {
  return {
    access,
    realm: options.realm,
    issuer: options.issuer,
    audience: options.audience,
    accepted_parties: options.acceptedParties,
    ...(isOurs ? { identity_secret: GATEWAY_SECRET } : {}),
    identity_ttl: 60,
    identity_cache: 5,
    tiers: TIERS,
    scopes: SCOPES,
    usage_url: options.usageUrl,
    usage_interval: 5,
    call_secret: CALL_SECRET,
    hourly_limit: options.limits.principalPerHour,
    namespace: NAMESPACE,
    ssl_verify: options.sslVerify,
  };
}

/** Without `origins` Kong would allow any: an empty list means no plugin at all. */
export function cors({ corsOrigins }: TopologyOptions): PluginConfigs {
  if (corsOrigins.length === 0) return [];
  const config = {
    origins: corsOrigins,
    credentials: !corsOrigins.includes('*'),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposed_headers: ['X-Auth-Method', 'X-Principal-Id', 'X-Request-Id', 'WWW-Authenticate', 'Retry-After'],
    max_age: 600,
    preflight_continue: false,
  };
  return [['cors', config]];
}

/** Kong's local counters: per node, and never a reason to refuse when they fail. */
export function rateLimit(by: 'ip' | 'credential', minute: number): [string, PluginConfig] {
  return ['rate-limiting', { minute, limit_by: by, policy: 'local', fault_tolerant: true }];
}

/** Answers itself, with a problem as every other refusal of ours. */
export function terminate(problem: {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}): [string, PluginConfig] {
  const body = JSON.stringify(problem);
  return [
    'request-termination',
    { status_code: problem.status, content_type: 'application/problem+json', body },
  ];
}

/** The key is a header and nothing else: addresses end up in logs. */
export function keyAuth(anonymous: string | undefined): [string, PluginConfig] {
  const config = {
    key_names: ['apikey'],
    key_in_header: true,
    key_in_query: false,
    key_in_body: false,
    hide_credentials: true,
    ...(anonymous === undefined ? {} : { anonymous }),
  };
  return ['key-auth', config];
}

/** Without a provision key: Kong makes one, which is a secret and can not be a reference. */
export function oauth2(anonymous: string): [string, PluginConfig] {
  const config = {
    enable_client_credentials: true,
    enable_implicit_grant: true,
    token_expiration: HOUR_SECONDS,
    accept_http_if_already_terminated: true,
    hide_credentials: true,
    anonymous,
  };
  return ['oauth2', config];
}

export function acl(group: string): [string, PluginConfig] {
  return ['acl', { allow: [group], hide_groups_header: true }];
}
