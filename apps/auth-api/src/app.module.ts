import { createHash } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { ConfigurationError, LIMITS, type Secret } from '#config';
import { KeycloakModule, type KeycloakOptions } from '#keycloak';
import { KongAdminModule, readTls } from '#kong-admin';
import { PrincipalModule } from '#principal';
import { AddressLimitModule, HealthModule, principalOptions } from '#service';
import { Database, StorageModule } from '#storage';
import { TelemetryModule } from '#telemetry';
import { ApiKeyResolver, ApiKeysModule } from './api-keys/index.js';
import type { AppConfig } from './app.config.js';
import { ENTITIES, MIGRATIONS } from './app.schema.js';
import { ApplicationsModule } from './applications/index.js';
import { AuditModule } from './audit/index.js';
import { AuthModule } from './auth/index.js';
import { ConsumersModule } from './consumers/index.js';
import { GuestsModule } from './guests/index.js';
import { KongSyncModule, type RealmKeysOptions } from './kong-sync/index.js';
import { UsageModule } from './usage/index.js';
import { PresentSubject, UsersModule } from './users/index.js';

export const SERVICE = 'auth-api';

/** For so long a client that has registered waits for its key to work. */
const WAIT_FOR_KONG_MS = 3000;

/** The list of modules, and the one place where settings become their options. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    const production = config.NODE_ENV === 'production';
    const limits = LIMITS[production ? 'production' : config.LIMITS_PROFILE];
    const publicUrl = new URL(config.PUBLIC_URL);
    return {
      module: AppModule,
      imports: [
        TelemetryModule.forRoot(logger),
        StorageModule.forRoot({
          url: config.DATABASE_URL,
          poolMax: config.DATABASE_POOL_MAX,
          entities: ENTITIES,
          migrations: MIGRATIONS,
          logger,
        }),
        KeycloakModule.forRoot({
          url: config.KEYCLOAK_URL,
          realm: config.KEYCLOAK_REALM,
          backend: { id: config.KEYCLOAK_BACKEND_CLIENT_ID, secret: config.KEYCLOAK_BACKEND_CLIENT_SECRET },
          guestIssuer: { id: config.KEYCLOAK_GUEST_CLIENT_ID, secret: config.KEYCLOAK_GUEST_CLIENT_SECRET },
          loginClientId: config.KEYCLOAK_LOGIN_CLIENT_ID,
          ...realmAdmin(config),
          timeoutMs: config.KEYCLOAK_TIMEOUT_MS,
        }),
        kongAdmin(config),
        principal(config),
        AddressLimitModule.forRoot({
          signIn: limits.signIn.perMinute,
          guestLogin: limits.guestLogin.perMinute,
          registration: limits.registrationPerMinute,
        }),
        AuditModule,
        UsersModule.forRoot({
          eventsIntervalMs: config.USER_EVENTS_INTERVAL_MS,
          realm: config.KEYCLOAK_REALM,
        }),
        AuthModule.forRoot({
          realm: config.KEYCLOAK_REALM,
          cookieOrigins: [publicUrl.origin, ...config.CORS_ORIGINS],
          secureCookies: publicUrl.protocol === 'https:' || publicUrl.hostname !== 'localhost',
          mail: config.SMTP_CONFIGURED,
        }),
        GuestsModule.forRoot({ ttlDays: config.GUEST_TTL_DAYS, dailyLimit: limits.guestLogin.perDay }),
        ApiKeysModule.forRoot({
          realm: config.KEYCLOAK_REALM,
          prefix: config.API_KEY_PREFIX,
          maxPerUser: config.API_KEY_MAX_PER_USER,
          defaultDays: Math.min(config.API_KEY_DEFAULT_DAYS, config.API_KEY_MAX_DAYS),
          maxDays: config.API_KEY_MAX_DAYS,
          callSecretHashes: given(config.GATEWAY_CALL_SECRET, config.GATEWAY_CALL_SECRET_PREVIOUS).map(
            (secret) => createHash('sha256').update(secret.reveal()).digest(),
          ),
        }),
        ConsumersModule.forRoot({
          realm: config.KEYCLOAK_REALM,
          credentialKeys: given(config.CREDENTIAL_KEY, config.CREDENTIAL_KEY_PREVIOUS),
          publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
          waitForKongMs: waitForKongMs(config),
        }),
        ApplicationsModule.forRoot({
          realm: config.KEYCLOAK_REALM,
          publicUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
          maxPerUser: config.APPLICATIONS_MAX_PER_USER,
          waitForKongMs: waitForKongMs(config),
        }),
        KongSyncModule.forRoot(
          {
            realm: config.KEYCLOAK_REALM,
            nodeWatchIntervalMs: 1000,
            intervalMs: config.SYNC_INTERVAL_MS,
            mode: config.KONG_MODE,
            topologyFile: topologyFile(config),
          },
          realmKeys(config),
        ),
        UsageModule,
        HealthModule.forRootAsync({
          inject: [Database],
          useFactory: (database: Database) => ({
            closedPath: '/auth/me',
            mode: config.AUTH_MODE,
            database: () => database.answers(),
          }),
        }),
      ],
    };
  }
}

/** Kong's own jwt plugin asks nobody for a key that it does not know, so the realm is asked for it. */
function realmKeys({ KEYCLOAK_REALM: realm, KONG_JWT_PLUGIN: plugin }: AppConfig): RealmKeysOptions {
  const stockPlugin = plugin === 'jwt';
  return { realm, stockPlugin, intervalMs: stockPlugin ? 1000 : 10_000 };
}

function realmAdmin(config: AppConfig): Pick<KeycloakOptions, 'realmAdmin'> {
  const { KEYCLOAK_REALM_ADMIN_CLIENT_ID: id, KEYCLOAK_REALM_ADMIN_CLIENT_SECRET: secret } = config;
  return secret === undefined ? {} : { realmAdmin: { id, secret } };
}

/** @throws {ConfigurationError} an Admin API would be reached in plain text over a network, or a file is not there */
function kongAdmin(config: AppConfig): DynamicModule {
  const insecure = config.KONG_ADMIN_URLS.filter(
    (url) => !isPrivate(new URL(url), config.KONG_ADMIN_INSECURE_HOSTS),
  );
  if (insecure.length > 0)
    throw new ConfigurationError([
      `KONG_ADMIN_URLS: ${insecure.join(', ')} is plain http to another machine; use https, or name it in KONG_ADMIN_INSECURE_HOSTS`,
    ]);
  const token = config.KONG_ADMIN_TOKEN;
  return KongAdminModule.forRoot({
    urls: config.KONG_ADMIN_URLS,
    timeoutMs: config.KONG_ADMIN_TIMEOUT_MS,
    tokenHeader: token && { name: config.KONG_ADMIN_TOKEN_HEADER, value: token },
    tls: readTls(config),
  });
}

/** @throws {ConfigurationError} a Kong without a database gets everything at once, and there is nothing to begin with */
function topologyFile(config: AppConfig): string | undefined {
  if (
    config.KONG_MODE === 'dbless' &&
    config.KONG_ADMIN_URLS.length > 0 &&
    config.TOPOLOGY_FILE === undefined
  )
    throw new ConfigurationError(['TOPOLOGY_FILE: must be set where KONG_MODE is dbless']);
  return config.TOPOLOGY_FILE;
}

/** TLS, this machine, a name of the compose network (no dot in it), or allowed by name. */
function isPrivate({ protocol, hostname }: URL, allowed: readonly string[]): boolean {
  if (protocol === 'https:' || allowed.includes(hostname)) return true;
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) || /^[a-z][a-z0-9-]*$/i.test(hostname);
}

/** The guard over everything, with what auth-api adds: API keys, and whether a person may still act. */
function principal(config: AppConfig): DynamicModule {
  return PrincipalModule.forRootAsync({
    inject: [ApiKeyResolver, PresentSubject],
    useFactory: (apiKeys: ApiKeyResolver, subjectCheck: PresentSubject) => ({
      ...principalOptions(SERVICE, config),
      resolvers: [apiKeys],
      subjectCheck,
    }),
  });
}

function given(...secrets: readonly (Secret | undefined)[]): Secret[] {
  return secrets.filter((secret) => secret !== undefined);
}

function waitForKongMs(config: AppConfig): number {
  return config.KONG_ADMIN_URLS.length === 0 ? 0 : WAIT_FOR_KONG_MS;
}
