import { ConfigurationError, type Parsed, setting } from '#config';
import type { PrincipalOptions } from '#principal';

/** The settings of everything that listens. */
export function listenSettings(ports: { readonly port: number; readonly internalPort: number }) {
  return {
    NODE_ENV: setting
      .oneOf(
        ['development', 'test', 'production'],
        'production applies the production limits, whatever LIMITS_PROFILE says, and refuses AUTH_MODE=log.',
      )
      .default('development'),
    HOST: setting.text('Address that both ports listen on.').default('127.0.0.1'),
    PORT: setting
      .integer('Port of the API. 0 takes a free one.', { min: 0, max: 65_535 })
      .default(ports.port),
    INTERNAL_PORT: setting
      .integer('Port of /metrics and /internal/*, never routed by the gateway. 0 takes a free one.', {
        min: 0,
        max: 65_535,
      })
      .default(ports.internalPort),
    PUBLIC_URL: setting
      .url('Where clients reach the API: the gateway. Shown in answers and in the OpenAPI document.')
      .default('http://localhost:8000'),
    LOG_LEVEL: setting
      .oneOf(['debug', 'info', 'warn', 'error', 'silent'], 'How much is logged to stdout, as JSON lines.')
      .default('info'),
    TRUSTED_PROXIES: setting
      .list('Addresses or networks whose X-Forwarded-For is believed: those of the gateway.')
      .default([]),
  };
}

/** The settings that every service behind the gateway has; its own stand beside them in its `app.config.ts`. */
export function serviceSettings(ports: { readonly port: number; readonly internalPort: number }) {
  return {
    ...listenSettings(ports),
    OTEL_EXPORTER_OTLP_ENDPOINT: setting
      .url(
        'OpenTelemetry collector that traces are sent to (OTLP by HTTP, without /v1/traces); unset: no tracing.',
      )
      .optional(),
    AUTH_MODE: setting
      .oneOf(
        ['enforce', 'log'],
        'log is for a staged rollout: what would be refused is logged and counted, and let through where neither a role nor an owner is needed.',
      )
      .default('enforce'),
    KEYCLOAK_URL: setting.url('Where the service reaches Keycloak.').default('http://127.0.0.1:8085'),
    KEYCLOAK_ISSUER: setting
      .url("The `iss` of its tokens: fixed by Keycloak's --hostname, and apart from KEYCLOAK_URL.")
      .default('http://localhost:8085/realms/jan'),
    KEYCLOAK_REALM: setting.text('Realm that holds the users.').default('jan'),
    TOKEN_AUDIENCE: setting.text('Required in `aud` of an access token.').default('llm-api'),
    ACCEPTED_PARTIES: setting
      .list('Clients whose tokens are accepted (`azp`), with commas between.')
      .default(['llm-api', 'guest-issuer']),
    GATEWAY_IDENTITY_KEY: setting.key(
      'Key of the gateway identity for this service: HMAC-SHA256(GATEWAY_SECRET, "identity:<service>").',
    ),
    GATEWAY_IDENTITY_KEY_PREVIOUS: setting
      .key('The key before, accepted too while GATEWAY_SECRET is rotated.')
      .optional(),
  };
}

export type ServiceConfig = Parsed<ReturnType<typeof serviceSettings>>;

/**
 * How a service finds out who is calling, from its settings.
 *
 * @throws {ConfigurationError} AUTH_MODE=log in production, where nobody may be let in who should not be
 */
export function principalOptions(service: string, config: ServiceConfig): PrincipalOptions {
  if (config.AUTH_MODE === 'log' && config.NODE_ENV === 'production')
    throw new ConfigurationError(['AUTH_MODE: must be enforce where NODE_ENV is production']);
  const { GATEWAY_IDENTITY_KEY: current, GATEWAY_IDENTITY_KEY_PREVIOUS: previous } = config;
  return {
    service,
    identityKeys: previous === undefined ? [current] : [current, previous],
    realm: config.KEYCLOAK_REALM,
    issuer: config.KEYCLOAK_ISSUER,
    jwksUrl: `${config.KEYCLOAK_URL}/realms/${config.KEYCLOAK_REALM}/protocol/openid-connect/certs`,
    audience: config.TOKEN_AUDIENCE,
    acceptedParties: config.ACCEPTED_PARTIES,
    mode: config.AUTH_MODE,
  };
}
