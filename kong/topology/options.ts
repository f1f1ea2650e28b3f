import { LIMITS, type Limits, parseSettings, setting } from '#config';

/** Everything in which one deployment's topology may differ from another's. */
const SETTINGS = {
  KONG_JWT_PLUGIN: setting
    .oneOf(['keycloak-jwt', 'jwt'], 'Which plugin verifies tokens: ours, or the one that Kong brings.')
    .default('keycloak-jwt'),
  LIMITS_PROFILE: setting.oneOf(['development', 'production'], 'Which limits apply.').default('production'),
  CORS_ORIGINS: setting
    .list('Origins of web pages that may call, with commas between. * is any, and then without credentials.')
    .default(['*']),
  SSL_VERIFY: setting.flag('Whether certificates of auth-api and Keycloak are verified.').default(true),
  API_KEY_PREFIX: setting.text('What an API key begins with.').default('sk_live_'),
  TOKEN_AUDIENCE: setting.list('Required in `aud`: one of these.').default(['llm-api']),
  ACCEPTED_PARTIES: setting
    .list('Clients whose tokens are accepted (`azp`).')
    .default(['llm-api', 'guest-issuer']),
  KEYCLOAK_REALM: setting.text('Realm of the users.').default('jan'),
  KEYCLOAK_URL: setting.url('Where Kong reaches Keycloak.').default('http://keycloak:8085'),
  KEYCLOAK_ISSUER: setting.url('The `iss` of its tokens.').default('http://localhost:8085/realms/jan'),
  AUTH_API_URL: setting.url('Where Kong reaches auth-api.').default('http://auth-api:8080'),
  AUTH_API_INTERNAL_URL: setting.url('Its second port.').default('http://auth-api:9080'),
  LLM_API_URL: setting.url('Where Kong reaches llm-api.').default('http://llm-api:8081'),
  MEDIA_API_URL: setting.url('Where Kong reaches media-api.').default('http://media-api:8285'),
  RESPONSE_API_URL: setting.url('Where Kong reaches response-api.').default('http://response-api:8082'),
  MCP_TOOLS_URL: setting.url('Where Kong reaches mcp-tools.').default('http://mcp-tools:8091'),
  ECHO_API_URL: setting.url('Where Kong reaches echo-api.').default('http://echo-api:8090'),
};

export type ServiceName = 'auth-api' | 'llm-api' | 'media-api' | 'response-api' | 'mcp-tools' | 'echo-api';

export interface TopologyOptions {
  readonly jwtPlugin: 'keycloak-jwt' | 'jwt';
  readonly limits: Limits;
  readonly corsOrigins: readonly string[];
  readonly sslVerify: boolean;
  readonly keyPrefix: string;
  readonly audience: readonly string[];
  readonly acceptedParties: readonly string[];
  readonly realm: string;
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly validationUrl: string;
  readonly usageUrl: string;
  readonly services: Readonly<Record<ServiceName, URL>>;
}

/**
 * The options that an environment asks for. An empty one gives what is committed as kong.yaml: production limits and
 * the host names of the compose network.
 *
 * @throws {ConfigurationError} naming every setting at fault
 */
export function topologyOptions(environment: Readonly<Record<string, string | undefined>>): TopologyOptions {
  const given = parseSettings(SETTINGS, environment);
  const at = (base: string, path: string): string => base.replace(/\/$/, '') + path;
  return {
    jwtPlugin: given.KONG_JWT_PLUGIN,
    limits: LIMITS[given.LIMITS_PROFILE],
    corsOrigins: given.CORS_ORIGINS,
    sslVerify: given.SSL_VERIFY,
    keyPrefix: given.API_KEY_PREFIX,
    audience: given.TOKEN_AUDIENCE,
    acceptedParties: given.ACCEPTED_PARTIES,
    realm: given.KEYCLOAK_REALM,
    issuer: given.KEYCLOAK_ISSUER,
    jwksUrl: at(given.KEYCLOAK_URL, `/realms/${given.KEYCLOAK_REALM}/protocol/openid-connect/certs`),
    validationUrl: at(given.AUTH_API_URL, '/auth/validate-api-key'),
    usageUrl: at(given.AUTH_API_INTERNAL_URL, '/internal/usage'),
    services: {
      'auth-api': new URL(given.AUTH_API_URL),
      'llm-api': new URL(given.LLM_API_URL),
      'media-api': new URL(given.MEDIA_API_URL),
      'response-api': new URL(given.RESPONSE_API_URL),
      'mcp-tools': new URL(given.MCP_TOOLS_URL),
      'echo-api': new URL(given.ECHO_API_URL),
    },
  };
}
