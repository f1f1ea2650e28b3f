import { describe, expect, it } from '@jest/globals';
import { homeFolder, planStack, portFrom } from './plan.js';

describe('portFrom', () => {
  it('takes the default when unset or empty', () => {
    expect(portFrom({}, 'P', 8080)).toBe(8080);
    expect(portFrom({ P: '' }, 'P', 8080)).toBe(8080);
  });

  it('takes a number, and 0 for a free one', () => {
    expect(portFrom({ P: '9000' }, 'P', 8080)).toBe(9000);
    expect(portFrom({ P: '0' }, 'P', 8080)).toBe(0);
  });

  it.each(['-1', '65536', '80a', '1e3', '8080.5'])('refuses %s by its name', (text) => {
    expect(() => portFrom({ P: text }, 'P', 1)).toThrow(`P=${text} is no port`);
  });
});

describe('planStack', () => {
  const env = { GATEHOUSE_HOME: '/h', GATEHOUSE_CACHE: '/c' };

  it('gives each checkout a folder of its own, outside of it', () => {
    const [one, two] = [planStack(env, '/a/gatehouse'), planStack(env, '/b/gatehouse')];
    expect(one.folder).toMatch(/^\/h\/gatehouse-[0-9a-f]{8}$/);
    expect(two.folder).not.toBe(one.folder);
    expect(two.cache).toBe(one.cache);
  });

  it('takes ports and given parts from the environment', () => {
    const given = {
      DATABASE_URL: 'postgresql://u:p@db/x',
      KEYCLOAK_URL: 'http://kc:1/',
      AUTH_API_PORT: '18080',
    };
    const plan = planStack({ ...env, ...given }, '/a');
    expect(plan.postgres.externalUrl).toBe('postgresql://u:p@db/x');
    expect(plan.keycloak.externalUrl).toBe('http://kc:1');
    expect(plan.apps[0]).toMatchObject({ name: 'auth-api', port: 18080, internalPort: 9080 });
  });

  it('refuses what is no URL without repeating it: it may hold a password', () => {
    expect(() => planStack({ ...env, DATABASE_URL: 'db with secret' }, '/a')).toThrow(
      /^DATABASE_URL is no URL$/,
    );
  });

  it('leaves out an app, and refuses one it does not know', () => {
    const running = (without: readonly string[]): readonly string[] =>
      planStack(env, '/a', without).apps.flatMap(({ name, runs }) => (runs ? [name] : []));
    const all = ['auth-api', 'llm-api', 'media-api', 'response-api', 'mcp-tools', 'echo-api'];
    expect(running([])).toEqual(all);
    expect(running(['auth-api', 'echo-api'])).toEqual(all.slice(1, -1));
    expect(planStack(env, '/a', ['gateway']).gateway).toBeUndefined();
    expect(() => planStack(env, '/a', ['nope'])).toThrow('no such app');
  });
});

describe('homeFolder', () => {
  it('is outside of /root for root, and follows XDG for others', () => {
    expect(homeFolder({}, true)).toBe('/var/lib/gatehouse');
    expect(homeFolder({ XDG_STATE_HOME: '/s' }, false)).toBe('/s/gatehouse');
    expect(homeFolder({ GATEHOUSE_HOME: '/g', XDG_STATE_HOME: '/s' }, true)).toBe('/g');
  });
});
