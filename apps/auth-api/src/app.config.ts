import { z } from 'zod';
import { type Parsed, setting } from '#config';
import { TLS_SETTINGS } from '#kong-admin';
import { serviceSettings } from '#service';

/**
 * Every setting of auth-api, and the only place that reads the environment. `.env.example` is generated from it
 * (`npm run generate`).
 */
export const SETTINGS = {
  ...serviceSettings({ port: 8080, internalPort: 9080 }),
  DATABASE_URL: setting.url('PostgreSQL 15 or newer; auth-api creates and migrates its tables.', [
    'postgres:',
    'postgresql:',
  ]),
  DATABASE_POOL_MAX: setting
    .integer('Database connections for requests; locks, jobs and change notices use up to 16 more.', {
      min: 2,
      max: 200,
    })
    .default(10),
  KEYCLOAK_TIMEOUT_MS: setting
    .integer('Longest wait for one answer of Keycloak, in milliseconds.', { min: 100, max: 10_000 })
    .default(2000),
  KEYCLOAK_BACKEND_CLIENT_ID: setting.text('Service account that keeps users.').default('auth-backend'),
  KEYCLOAK_BACKEND_CLIENT_SECRET: setting.secret(
    'Its secret. As powerful as manage-users: it can hand out the role admin.',
    { minLength: 16 },
  ),
  KEYCLOAK_GUEST_CLIENT_ID: setting.text('Client that signs in guests.').default('guest-issuer'),
  KEYCLOAK_GUEST_CLIENT_SECRET: setting.secret('Its secret.', { minLength: 16 }),
  KEYCLOAK_REALM_ADMIN_CLIENT_ID: setting
    .text('Service account with manage-realm, for POST /kong/keys/rotate; used only with its secret.')
    .default('realm-admin'),
  KEYCLOAK_REALM_ADMIN_CLIENT_SECRET: setting
    .secret(
      'Its secret. It can change everything in the realm: without it realm keys are rotated in Keycloak.',
      {
        minLength: 16,
      },
    )
    .optional(),
  KEYCLOAK_LOGIN_CLIENT_ID: setting.text('Public client that people sign in with.').default('llm-api'),
  USER_EVENTS_INTERVAL_MS: setting
    .integer(
      'How often Keycloak is asked for changes of users, in milliseconds. A disabled user is out within 5 s: this, and one answer of Keycloak.',
      { min: 100, max: 3000 },
    )
    .default(1500),
  GATEWAY_CALL_SECRET: setting.secret(
    'What the gateway sends as bearer token when it calls /auth/validate-api-key.',
    { minLength: 32 },
  ),
  GATEWAY_CALL_SECRET_PREVIOUS: setting
    .secret('The secret before, accepted too while it is rotated.', { minLength: 32 })
    .optional(),
  API_KEY_PREFIX: z
    .string()
    .regex(/^[a-z]{2,8}_[a-z]{2,8}_$/, 'must look like sk_live_')
    .default('sk_live_')
    .describe('Every API key begins with it, so that secret scanners know one.'),
  API_KEY_MAX_PER_USER: setting.integer('Usable keys one user may have.', { min: 1, max: 500 }).default(20),
  API_KEY_DEFAULT_DAYS: setting
    .integer('Lifetime in days of a key that asks for none, but never more than API_KEY_MAX_DAYS.', {
      min: 1,
      max: 365,
    })
    .default(90),
  API_KEY_MAX_DAYS: setting
    .integer('Longest lifetime of a key, in days.', { min: 1, max: 3650 })
    .default(365),
  APPLICATIONS_MAX_PER_USER: setting
    .integer('Applications one user may have.', { min: 1, max: 1000 })
    .default(20),
  GUEST_TTL_DAYS: setting
    .integer('Guests are deleted this many days after their session ended.', { min: 1, max: 365 })
    .default(7),
  LIMITS_PROFILE: setting
    .oneOf(['development', 'production'], 'Which limits apply; NODE_ENV=production overrides it.')
    .default('development'),
  CORS_ORIGINS: setting
    .list('Origins of web pages that may use the refresh cookie, with commas between.')
    .default([]),
  CREDENTIAL_KEY: setting.key(
    'Encrypts the keys of registered clients and subscriptions, which are kept so that Kong can be rebuilt. Losing it loses them.',
  ),
  CREDENTIAL_KEY_PREVIOUS: setting.key('The key before, which still opens what it encrypted.').optional(),
  KONG_ADMIN_URLS: setting
    .urls('Admin API of every Kong node, with commas between; empty where there is no gateway.')
    .default([]),
  KONG_ADMIN_TIMEOUT_MS: setting
    .integer('Longest wait for one answer of a Kong node, in milliseconds.', { min: 50, max: 10_000 })
    .default(800),
  KONG_ADMIN_TOKEN_HEADER: setting
    .text('Header that carries KONG_ADMIN_TOKEN to the Admin API.')
    .default('Kong-Admin-Token'),
  KONG_ADMIN_TOKEN: setting
    .secret('Token for an Admin API that stands behind something that asks for one.', { minLength: 16 })
    .optional(),
  ...TLS_SETTINGS,
  KONG_ADMIN_INSECURE_HOSTS: setting
    .list('Hosts whose Admin API may be reached by plain http although they are not this machine.')
    .default([]),
  KONG_JWT_PLUGIN: setting
    .oneOf(
      ['keycloak-jwt', 'jwt'],
      'Which plugin verifies tokens at the gateway: ours, which reads the realm keys itself, or the one that Kong brings, which is given them. The same as in the topology.',
    )
    .default('keycloak-jwt'),
  KONG_MODE: setting
    .oneOf(
      ['db', 'dbless'],
      'Whether Kong has a database, into which each entity is written, or every node gets the whole configuration.',
    )
    .default('db'),
  SYNC_INTERVAL_MS: setting
    .integer('How often Kong as a whole is compared with what should be there, in milliseconds.', {
      min: 1000,
      max: 86_400_000,
    })
    .default(60_000),
  TOPOLOGY_FILE: setting
    .text(
      'kong/kong.yaml as generated for these addresses: loaded into a Kong that has no topology. Needed where KONG_MODE is dbless.',
    )
    .optional(),
  SMTP_CONFIGURED: setting
    .flag('Whether the realm can send mail; switches on POST /auth/verify-email.')
    .default(false),
};

export type AppConfig = Parsed<typeof SETTINGS>;
