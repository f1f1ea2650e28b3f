import { afterEach, describe, expect, it } from '@jest/globals';
import { appEnvironment } from './app-environment.js';
import { planStack } from './plan.js';
import { completeSecrets, identityKey } from './secrets.js';

const { apps } = planStack({}, '/checkout');
const { secrets } = completeSecrets({}, {}, true);
const around = {
  folder: '/state',
  secrets,
  keycloak: { url: 'http://keycloak', issuer: 'http://issuer' },
  appUrls: new Map(apps.map(({ name, port }) => [name, `http://127.0.0.1:${port}`])),
  databaseUrl: (database: string) => `postgres://localhost/${database}`,
};

function environmentOf(name: string): NodeJS.ProcessEnv {
  const app = apps.find((one) => one.name === name);
  if (app === undefined) throw new Error(`no app ${name}`);
  return appEnvironment(app, around);
}

const SET = { LLM_PROVIDER_KEY: 'provider', KONG_ADMIN_TOKEN: 'admin', DATABASE_URL: 'postgres://theirs/db' };

afterEach(() => {
  for (const name of Object.keys(SET)) delete process.env[name];
});

describe('what an app is told', () => {
  it('of the secrets that a person has set are those that are meant for it', () => {
    Object.assign(process.env, SET);
    const told = (name: string) => Object.keys(environmentOf(name)).filter((key) => key in SET);
    expect(Object.fromEntries(apps.map(({ name }) => [name, told(name)]))).toEqual({
      'auth-api': ['DATABASE_URL', 'KONG_ADMIN_TOKEN'],
      'llm-api': ['LLM_PROVIDER_KEY'],
      'media-api': [],
      'response-api': ['DATABASE_URL'],
      'mcp-tools': [],
      'echo-api': [],
    });
  });

  it('has its own identity key, and those of the services that it calls, by name', () => {
    const key = (service: string) => identityKey(secrets.GATEWAY_SECRET, service);
    expect(environmentOf('mcp-tools')).toMatchObject({
      GATEWAY_IDENTITY_KEY: key('mcp-tools'),
      LLM_API_URL: 'http://127.0.0.1:8081',
      LLM_API_IDENTITY_KEY: key('llm-api'),
      MEDIA_API_URL: 'http://127.0.0.1:8285',
      MEDIA_API_IDENTITY_KEY: key('media-api'),
    });
    expect(Object.keys(environmentOf('llm-api'))).not.toContain('MEDIA_API_IDENTITY_KEY');
  });

  it('has a database or a folder where its row says so, and no others', () => {
    expect(environmentOf('auth-api')['DATABASE_URL']).toBe('postgres://localhost/gatehouse');
    expect(environmentOf('response-api')['DATABASE_URL']).toBe('postgres://localhost/responses');
    expect(environmentOf('media-api')['MEDIA_FOLDER']).toBe('/state/media-api');
    expect(environmentOf('llm-api')).not.toHaveProperty('DATABASE_URL');
  });

  it.each(apps.map(({ name }) => name))(
    '%s: never has the master secret, nor one that is another’s',
    (name) => {
      const values = Object.values(environmentOf(name));
      expect(values).not.toContain(secrets.GATEWAY_SECRET);
      expect(values).not.toContain(secrets.POSTGRES_PASSWORD);
      if (name !== 'auth-api') expect(values).not.toContain(secrets.KEYCLOAK_BACKEND_CLIENT_SECRET);
    },
  );
});
