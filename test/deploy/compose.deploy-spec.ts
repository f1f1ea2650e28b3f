import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { APPS } from '../../apps/local-stack/src/apps.js';
import { KEYCLOAK_VERSION } from '../../apps/local-stack/src/keycloak-distribution.js';
import { identityKey } from '../../apps/local-stack/src/secrets.js';
import { faultsOfApp, faultsOfTopology } from './app-settings.js';
import { COMPOSE, type ComposeProject, type ComposeService, DEVELOPMENT, MadeSettings } from './compose.js';
import { composeProject, INSTALL_MS } from './tools.js';

const settings = new MadeSettings();
let made: Readonly<Record<string, string | undefined>>;
let production: ComposeProject;
let development: ComposeProject;
beforeAll(async () => {
  made = await settings.make();
  production = await composeProject(settings.file, [COMPOSE]);
  development = await composeProject(settings.file, [COMPOSE, DEVELOPMENT]);
}, INSTALL_MS);
afterAll(() => settings.remove());

const services = (): readonly (readonly [string, ComposeService])[] => Object.entries(production.services);
const ofOurs = (): readonly (readonly [string, ComposeService])[] =>
  services().filter(([, { image }]) => image.startsWith('gatehouse/services:'));
const networksOf = (name: string): readonly string[] => Object.keys(production.services[name]!.networks);
/** Who shares a network with whom. */
const inNetwork = (network: string): readonly string[] =>
  services()
    .filter(([name]) => networksOf(name).includes(network))
    .map(([name]) => name)
    .sort();

describe('compose.yaml', () => {
  it('runs every app, Kong and Keycloak in both profiles, and what watches them in full only', () => {
    const inProfile = (profile: string): string[] =>
      services().flatMap(([name, { profiles = [] }]) => (profiles.includes(profile) ? [name] : []));
    const watchers = ['grafana', 'otel-collector', 'prometheus'];
    const core = [
      ...APPS.map(({ name }) => name),
      'keycloak',
      'kong',
      'kong-migrations',
      'postgres',
      'topology',
    ];
    expect(inProfile('core').sort()).toEqual(core.sort());
    expect(inProfile('full').sort()).toEqual([...core, ...watchers].sort());
  });

  it('has the versions of the design: Kong 3.9, the Keycloak that the tests run on, PostgreSQL 15 or newer', () => {
    expect(production.services['kong']!.image).toMatch(/^kong:3\.9\.\d+-ubuntu$/);
    expect(production.services['kong-migrations']!.image).toBe(production.services['kong']!.image);
    expect(production.services['keycloak']!.image).toBe(`quay.io/keycloak/keycloak:${KEYCLOAK_VERSION}`);
    expect(
      Number(/^postgres:(\d+)\.\d+/.exec(production.services['postgres']!.image)?.[1]),
    ).toBeGreaterThanOrEqual(15);
  });

  it('pins every image that is not built here to one version', () => {
    const images = services()
      .map(([, { image }]) => image)
      .filter((image) => !image.startsWith('gatehouse/'));
    expect(images.filter((image) => !/:v?\d+\.\d+\.?\d*(-[a-z]+)?$/.test(image))).toEqual([]);
  });

  it('publishes the Admin API, and whatever else is not for clients, on this machine only', () => {
    const published = services().flatMap(([name, { ports = [] }]) =>
      ports.map(({ host_ip: address, published: port }) => `${name} ${address}:${port}`),
    );
    expect(published.sort()).toEqual([
      'grafana 127.0.0.1:3000',
      'keycloak 127.0.0.1:8085',
      'kong 127.0.0.1:8000',
      'kong 127.0.0.1:8001',
      'prometheus 127.0.0.1:9090',
    ]);
  });

  it('opens only the gateway to other machines, when it is told to', async () => {
    const before = readFileSync(settings.file, 'utf8');
    writeFileSync(settings.file, `${before}GATEWAY_ADDRESS=0.0.0.0\n`);
    const opened = await composeProject(settings.file, [COMPOSE]);
    writeFileSync(settings.file, before);
    const addresses = opened.services['kong']!.ports!.map(({ host_ip: ip, target }) => `${ip}:${target}`);
    expect(addresses).toEqual(['0.0.0.0:8000', '127.0.0.1:8001']);
  });

  it("has Kong's Admin API in a network with nobody but auth-api and what loads the topology", () => {
    const { environment, networks } = production.services['kong']!;
    expect(inNetwork('admin')).toEqual(['auth-api', 'kong', 'topology']);
    expect(environment!['KONG_ADMIN_LISTEN']).toBe(`${networks['admin']!.ipv4_address}:8001`);
    const admin = `http://${environment!['KONG_ADMIN_LISTEN']}`;
    for (const caller of ['auth-api', 'topology'])
      expect(production.services[caller]!.environment!['KONG_ADMIN_URLS']).toBe(admin);
  });

  it('publishes by way of the network that the Admin API listens in', () => {
    const priorities = Object.entries(production.services['kong']!.networks).map(
      ([network, attached]) => [network, attached?.gw_priority ?? 0] as const,
    );
    expect(priorities.filter(([, priority]) => priority > 0)).toEqual([['admin', 1]]);
    expect(production.networks['admin']!.internal ?? false).toBe(false);
  });

  it('lets the database be reached by those who have one in it, and by no other machine', () => {
    expect(inNetwork('data')).toEqual([
      'auth-api',
      'keycloak',
      'kong',
      'kong-migrations',
      'postgres',
      'response-api',
    ]);
    expect(production.networks['data']!.internal).toBe(true);
  });

  it('keeps the third party apart from every service of ours', () => {
    expect(inNetwork('third-party')).toEqual(['echo-api', 'kong', 'prometheus']);
    expect(networksOf('echo-api')).toEqual(['third-party']);
  });

  it('believes only Kong when it says whom it asks for', () => {
    const address = production.services['kong']!.networks['services']!.ipv4_address;
    for (const [name, { environment }] of ofOurs().filter(([one]) => !['topology', 'echo-api'].includes(one)))
      expect([name, environment!['TRUSTED_PROXIES']]).toEqual([name, address]);
  });

  it('lets no container of ours or of Kong write its image, gain rights, or be root', () => {
    for (const [name, service] of [...ofOurs(), ...services().filter(([one]) => one.startsWith('kong'))]) {
      expect([name, service.read_only, service.cap_drop, service.security_opt]).toEqual([
        name,
        true,
        ['ALL'],
        ['no-new-privileges:true'],
      ]);
      if (name.startsWith('kong')) expect(service.user).toBe('1000:1000');
    }
  });

  it('asks every server whether it is well, and starts again what ended', () => {
    const once = ['kong-migrations', 'topology'];
    for (const [name, { healthcheck, restart }] of services()) {
      expect([name, restart]).toEqual([name, once.includes(name) ? 'on-failure' : 'unless-stopped']);
      if (![...once, 'otel-collector'].includes(name))
        expect([name, healthcheck?.test?.[0]]).toEqual([name, 'CMD']);
    }
  });

  it('waits for what is well, or is done, never for what has only begun', () => {
    const waits = services().flatMap(([name, { depends_on: on = {} }]) =>
      Object.entries(on).map(([other, { condition }]) => ({ name, other, condition })),
    );
    expect(waits.filter(({ condition }) => condition === 'service_started')).toEqual([]);
    for (const { other, condition } of waits.filter((wait) =>
      ['kong-migrations', 'topology'].includes(wait.other),
    ))
      expect([other, condition]).toEqual([other, 'service_completed_successfully']);
  });

  it("mounts our plugins and nobody's secrets, all of it read-only", () => {
    const { volumes = [], environment } = production.services['kong']!;
    expect(volumes.map((volume) => [volume.target, volume.read_only])).toEqual([
      ['/opt/gatehouse/kong/plugins', true],
      ['/opt/gatehouse/shared-dicts.conf', true],
    ]);
    expect(environment!['KONG_LUA_PACKAGE_PATH']).toBe('/opt/gatehouse/?.lua;;');
  });
});

describe.each([
  ['compose.yaml', () => production],
  ['with compose.development.yaml', () => development],
])('what containers are told: %s', (_, project) => {
  const environment = (name: string): Readonly<Record<string, string>> =>
    project().services[name]!.environment!;

  it('tells every app only settings that it has, each that it must have, and none that it would refuse', async () => {
    for (const { name } of APPS)
      expect([name, await faultsOfApp(name, environment(name))]).toEqual([name, []]);
  });

  it('starts every app at the port at which Kong looks for it', () => {
    for (const { name, entry, port, internalPort } of APPS) {
      const { command } = project().services[name]!;
      expect([name, command ?? ['dist/apps/auth-api/src/main.js']]).toEqual([name, [entry]]);
      expect(environment(name)).toMatchObject({
        HOST: '0.0.0.0',
        PORT: String(port),
        INTERNAL_PORT: String(internalPort),
      });
    }
  });

  it('makes the topology of settings that go together, with the limits that auth-api has', () => {
    expect(faultsOfTopology(environment('topology'))).toEqual([]);
    for (const name of ['LIMITS_PROFILE', 'KEYCLOAK_URL', 'KEYCLOAK_ISSUER'])
      expect(environment('topology')[name]).toBe(environment('auth-api')[name]);
  });

  it('gives the gateway secret to Kong alone, and to each service the key derived for it', () => {
    const holders = Object.entries(project().services).filter(([, service]) =>
      Object.values(service.environment ?? {}).includes(made['GATEWAY_SECRET']!),
    );
    expect(holders.map(([name]) => name)).toEqual(['kong']);
    for (const { name, calls = [] } of APPS.filter((app) => app.name !== 'echo-api')) {
      expect(environment(name)['GATEWAY_IDENTITY_KEY']).toBe(identityKey(made['GATEWAY_SECRET']!, name));
      for (const called of calls)
        expect(environment(name)[`${called.toUpperCase().replaceAll('-', '_')}_IDENTITY_KEY`]).toBe(
          identityKey(made['GATEWAY_SECRET']!, called),
        );
    }
    expect(
      Object.values(environment('echo-api')).filter((value) => Object.values(made).includes(value)),
    ).toEqual([]);
  });

  it('gives Keycloak the client secrets that auth-api has', () => {
    for (const name of ['KEYCLOAK_BACKEND_CLIENT_SECRET', 'KEYCLOAK_GUEST_CLIENT_SECRET'])
      expect([environment('keycloak')[name], environment('auth-api')[name]]).toEqual([
        made[name],
        made[name],
      ]);
  });
});

it('brings the development user only where it is asked for', () => {
  const targets = (project: ComposeProject): string[] =>
    project.services['keycloak']!.volumes!.map(({ target }) => target.split('/').at(-1)!);
  expect(targets(production)).toEqual(['jan-realm.json']);
  expect(targets(development)).toEqual(['jan-realm.json', 'jan-users-0.json']);
});
