import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { APPS } from '../../apps/local-stack/src/apps.js';
import { faultsOfApp, faultsOfTopology } from './app-settings.js';
import {
  type Container,
  environmentOf,
  find,
  type KubernetesObject,
  matches,
  OVERLAYS,
  type Overlay,
  overlayFolder,
  type Workload,
  workloads,
} from './kubernetes.js';
import { reachable } from './reach.js';
import { INSTALL_MS, kubernetesObjects, ROOT } from './tools.js';

/** Settings whose values nobody but the one who is told may read. */
const SECRET = /SECRET|PASSWORD|DATABASE_URL|ACCESS_KEY|CREDENTIAL_KEY|IDENTITY_KEY|PROVIDER_KEY|TOKEN$/;
const NOT_A_SERVER = ['topology'];
const name = 'app.kubernetes.io/name';
const containersOf = ({ pod }: Workload): readonly Container[] => [
  ...(pod.initContainers ?? []),
  ...pod.containers,
];

let objects: Readonly<Record<Overlay, readonly KubernetesObject[]>>;
beforeAll(async () => {
  const built = OVERLAYS.map(async (overlay) => [overlay, await kubernetesObjects(overlayFolder(overlay))]);
  objects = Object.fromEntries(await Promise.all(built)) as typeof objects;
}, INSTALL_MS);

describe.each(OVERLAYS)('overlay %s', (overlay) => {
  const ours = (): readonly Workload[] => workloads(objects[overlay]);
  const workload = (wanted: string): Workload => ours().find((one) => one.name === wanted)!;
  const environment = (wanted: string): Record<string, string> =>
    environmentOf(objects[overlay], workload(wanted).pod.containers[0]!);

  it('runs Kong and every app that is a service', () => {
    const names = ours().map((one) => one.name);
    expect(names).toEqual(expect.arrayContaining(['kong', ...APPS.map((app) => app.name)]));
  });

  it('gives every server a start, a life and a readiness probe, at a port that it has', () => {
    for (const one of ours().filter(({ name: server }) => !NOT_A_SERVER.includes(server)))
      for (const container of one.pod.containers)
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
          expect({ name: one.name, probe, port: container.ports?.map((port) => port.name) }).toEqual({
            name: one.name,
            probe,
            port: expect.arrayContaining([container[probe]?.httpGet?.port]),
          });
  });

  it('asks every app for its life at /healthz, and for its readiness where it says that', () => {
    for (const { name: app, readyPath } of APPS) {
      const [container] = workload(app).pod.containers;
      expect(container?.livenessProbe?.httpGet?.path).toBe('/healthz');
      expect([app, container?.readinessProbe?.httpGet?.path]).toEqual([app, readyPath]);
    }
  });

  it('reserves and limits the processor and the memory of every container', () => {
    for (const container of ours().flatMap(containersOf))
      for (const amount of [container.resources.requests, container.resources.limits])
        expect({ container: container.name, amount }).toEqual({
          container: container.name,
          amount: { cpu: expect.any(String), memory: expect.any(String) },
        });
  });

  it('lets no container be root, write its image, gain rights or make a call that is not the usual', () => {
    for (const one of ours()) {
      expect(one.pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containersOf(one))
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  it('gives no pod a token of the cluster, nor variables named after Services', () => {
    for (const { name: one, pod } of ours()) {
      expect(pod).toMatchObject({
        serviceAccountName: one,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
      });
      expect(find(objects[overlay], 'ServiceAccount', one)).toMatchObject({
        automountServiceAccountToken: false,
      });
    }
  });

  it('never takes two pods of anything away at once', () => {
    const budgets = objects[overlay].filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const one of ours().filter(({ name: server }) => !NOT_A_SERVER.includes(server))) {
      const own = budgets.filter(({ spec }) => matches(spec?.selector ?? {}, one.labels));
      expect(own.map(({ spec }) => spec?.maxUnavailable)).toEqual([1]);
    }
  });

  it('lets only Kong reach services, but for what services ask of each other, and only auth-api the Admin API', () => {
    const callers = ours();
    const isInternal = ({ name: app }: { readonly name: string }): boolean => app === 'auth-api';
    const expected = [
      ...APPS.map(({ name: app, port }) => `kong -> ${app}:${port}`),
      ...APPS.filter(isInternal).map(({ name: app, internalPort }) => `kong -> ${app}:${internalPort}`),
      ...APPS.flatMap(({ name: app, calls = [] }) =>
        calls.map((called) => `${app} -> ${called}:${APPS.find(({ name: one }) => one === called)!.port}`),
      ),
      'auth-api -> kong:8444',
      'topology -> kong:8444', // the same program, which loads the topology of a new version
    ];
    expect([...reachable(objects[overlay], callers, callers)].sort()).toEqual(expected.sort());
    // Each end says so by itself: one mistake opens nothing. Only the door lets in whoever comes.
    const door = callers.filter((one) => one.name !== 'kong').map((one) => `${one.name} -> kong:8000`);
    expect([...reachable(objects[overlay], callers, callers, ['out'])].sort()).toEqual(expected);
    expect([...reachable(objects[overlay], callers, callers, ['in'])].sort()).toEqual(
      [...expected, ...door].sort(),
    );
  });

  it('opens to other namespaces the door and, to the one that watches, what is measured', () => {
    const watcher = { name: 'prometheus', namespace: 'monitoring', labels: { [name]: 'prometheus' } };
    const stranger = { name: 'stranger', namespace: 'elsewhere', labels: { [name]: 'kong' } };
    expect(reachable(objects[overlay], [stranger], ours())).toEqual(['stranger -> kong:8000']);
    expect([...reachable(objects[overlay], [watcher], ours())].sort()).toEqual(
      [
        'prometheus -> kong:8000',
        'prometheus -> kong:8100',
        ...APPS.map(({ name: app, internalPort }) => `prometheus -> ${app}:${internalPort}`),
      ].sort(),
    );
  });

  it('lets nobody out to the internet but who asks providers of models and the object store', () => {
    const isOut = ({ spec }: KubernetesObject): boolean =>
      spec?.egress?.some(({ to }) => to === undefined || to.some(({ ipBlock }) => ipBlock !== undefined)) ??
      false;
    const policies = objects[overlay].filter(isOut);
    const who = ours().filter(({ labels }) =>
      policies.some(({ spec }) => matches(spec?.podSelector ?? {}, labels)),
    );
    expect(who.map((one) => one.name).sort()).toEqual(['llm-api', 'media-api']);
  });

  it('tells every app only settings that it has, each that it must have, and none that it would refuse', async () => {
    for (const { name: app } of APPS)
      expect([app, await faultsOfApp(app, environment(app))]).toEqual([app, []]);
  });

  it('makes the topology of settings that it has, for the job as for what auth-api keeps', () => {
    const [writer] = workload('auth-api').pod.initContainers!;
    const kept = environmentOf(objects[overlay], writer!);
    expect(faultsOfTopology(kept)).toEqual([]);
    expect(environment('topology')).toMatchObject(kept);
  });

  it('names to auth-api every Kong node there is', () => {
    const addresses = environment('auth-api')['KONG_ADMIN_URLS']!.split(',');
    const nodes = Array.from(
      { length: workload('kong').replicas! },
      (_, number) => `kong-${number}.kong-admin:8444`,
    );
    expect(addresses.map((url) => new URL(url).host)).toEqual(nodes);
    expect(find(objects[overlay], 'Service', 'kong-admin').spec).toMatchObject({ clusterIP: 'None' });
  });

  it('gives every app the port at which Kong looks for it', () => {
    for (const { name: app, port, internalPort } of APPS) {
      const ports = workload(app).pod.containers[0]!.ports!.map(({ containerPort }) => String(containerPort));
      expect([app, ...ports]).toEqual([app, String(port), String(internalPort)]);
      expect(environment(app)).toMatchObject({ PORT: ports[0], INTERNAL_PORT: ports[1], HOST: '0.0.0.0' });
    }
  });

  it('verifies certificates, unless it is for development', () => {
    const isDevelopment = overlay === 'development';
    expect(environment('topology')['SSL_VERIFY']).toBe(isDevelopment ? 'false' : 'true');
    expect(environment('kong')['KONG_PG_SSL_VERIFY']).toBe(isDevelopment ? 'off' : 'on');
    expect(environment('topology')['KEYCLOAK_URL']).toMatch(isDevelopment ? /^http:/ : /^https:/);
  });

  it('speaks to the Admin API with certificates on both sides, unless it is for development', () => {
    const kong = environment('kong');
    const urls = environment('auth-api')
      ['KONG_ADMIN_URLS']!.split(',')
      .map((url) => new URL(url).protocol);
    if (overlay === 'development') {
      expect(urls).toEqual(['http:']);
      return;
    }
    expect(new Set(urls)).toEqual(new Set(['https:']));
    expect(kong['KONG_ADMIN_LISTEN']).toBe('0.0.0.0:8444 ssl');
    expect(kong['KONG_NGINX_ADMIN_SSL_VERIFY_CLIENT']).toBe('on');
    expect(kong['KONG_NGINX_ADMIN_SSL_CLIENT_CERTIFICATE']).toBe('/etc/gatehouse/admin/ca.crt');
    for (const caller of ['auth-api', 'topology'])
      for (const setting of ['KONG_ADMIN_CLIENT_CERT', 'KONG_ADMIN_CLIENT_KEY', 'KONG_ADMIN_CA'])
        expect(environment(caller)[setting]).toMatch(/^\/etc\/gatehouse\/admin\/(tls|ca)\.(crt|key)$/);
  });

  it('runs in production mode and refuses who is not known, unless it is for development', () => {
    for (const { name: app } of APPS.filter(({ name: one }) => one !== 'echo-api'))
      expect(environment(app)).toMatchObject({
        NODE_ENV: overlay === 'development' ? 'development' : 'production',
        AUTH_MODE: 'enforce',
      });
  });

  it('holds no secret: each is referred to by name, and no Secret is among the files', () => {
    expect(objects[overlay].filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const variables = ours()
      .flatMap(containersOf)
      .flatMap(({ env = [] }) => env);
    const literal = [
      ...variables.filter(({ valueFrom }) => valueFrom === undefined).map((variable) => variable.name),
      ...objects[overlay].flatMap(({ kind, data }) => (kind === 'ConfigMap' ? Object.keys(data ?? {}) : [])),
    ];
    expect(literal.filter((one) => SECRET.test(one))).toEqual([]);
    expect(variables.some((one) => SECRET.test(one.name))).toBe(true);
  });
});

it('every Secret that a pod refers to stands in the table of the README, with its keys', () => {
  const readme = readFileSync(join(ROOT, 'docker/kubernetes/README.md'), 'utf8');
  const wanted = OVERLAYS.flatMap((overlay) => workloads(objects[overlay]))
    .flatMap(containersOf)
    .flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []));
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  const missing = wanted.filter(
    ({ name: secret, key }) =>
      !rows.some((row) => row.startsWith(`| \`${secret}\``) && row.includes(`\`${key}\``)),
  );
  expect(missing).toEqual([]);
});
