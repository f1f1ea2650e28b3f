import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { entityId } from '#config';
import {
  apply,
  blockedLine,
  KongAdmin,
  KongNodes,
  type KongState,
  KongUnreachable,
  type NodeRequest,
  plan,
  type Plan,
  readState,
  summary,
} from '#kong-admin';
import {
  loadTopology,
  type Topology,
  topology,
  TopologyBlocked,
  topologyOptions,
} from '../../../kong/topology/index.js';
import { givenGateway, startGateway, type TestGateway } from './gateway.js';

const PLUGINS = join(import.meta.dirname, '../../../kong/plugins');

/** What every request to a node was, and a node that is gone after so many writes. */
class WatchedNodes extends KongNodes {
  readonly seen: NodeRequest[] = [];
  left = Infinity;

  get writes(): readonly string[] {
    return this.seen.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  override async ask(url: string, request: NodeRequest): Promise<unknown> {
    if (request.method !== 'GET' && this.left-- <= 0)
      throw new KongUnreachable(request.operation, url, 'it is gone');
    this.seen.push(request);
    return super.ask(url, request);
  }
}

const everything = topology(topologyOptions({ LIMITS_PROFILE: 'development' }));
const all = ['services', 'consumers', 'routes', 'plugins'] as const;
const count = all.reduce((sum, kind) => sum + everything[kind].length, 0);
const nothing: Topology = { services: [], consumers: [], routes: [], plugins: [] };
const withoutRoute = (id: string): Topology => ({
  ...everything,
  routes: everything.routes.filter((route) => route.id !== id),
  plugins: everything.plugins.filter((plugin) => plugin.route?.id !== id),
});

function nodesOf({ adminUrl }: TestGateway): WatchedNodes {
  return new WatchedNodes({ urls: [adminUrl], timeoutMs: 10_000, tokenHeader: undefined });
}

/** The Kong that KONG_ADMIN_URL names, with our plugins, in the mode that KONG_MODE names: **all of it is deleted**. */
const gatewayFor = async (mode: 'db' | 'dbless'): Promise<TestGateway> =>
  (mode === (process.env['KONG_MODE'] ?? 'db') ? givenGateway() : undefined) ??
  (await startGateway(mode, PLUGINS));

const summaryOf = (plan: Plan | undefined): string | undefined => plan && summary(plan);

describe('a topology in a Kong with a database', () => {
  let kong: TestGateway;
  beforeAll(async () => {
    kong = await gatewayFor('db');
  });
  afterAll(() => kong.close());
  beforeEach(async () => {
    for (const kind of ['plugins', 'routes', 'services', 'consumers'])
      for (const { id } of (await kong.admin(`GET /${kind}?size=1000`)).json.data as { id: string }[])
        await kong.admin(`DELETE /${kind}/${id}`);
  });

  const load = async (desired = everything, options = {}) => {
    const nodes = nodesOf(kong);
    const { plan } = await loadTopology(nodes, kong.adminUrl, desired, options);
    return { nodes, plan };
  };
  const read = async (path: string) => (await kong.admin(`GET ${path}`)).json;
  const idOf = (kind: (typeof all)[number], name: string) => {
    const found = everything[kind].find((entity) => Object.values(entity).includes(name));
    if (!found) throw new Error(`no ${kind} ${name}`);
    return found.id;
  };

  it('is made once: again there is nothing to do, and nothing is written', async () => {
    const first = await load();
    expect(first.nodes.writes).toHaveLength(count);
    const second = await load();
    expect(second.nodes.writes).toEqual([]);
    expect(summaryOf(second.plan)).toBe(`nothing to do, ${count} as they should be`);
    expect(second.nodes.seen.length).toBeLessThan(20);
  });

  it('is closed before it is reachable, and opened last', async () => {
    const { nodes } = await load();
    const accessOf = ({ config }: Topology['plugins'][number]) => config['access'] ?? 'principal';
    const opening = everything.plugins.filter((plugin) => accessOf(plugin) !== 'principal');
    const closing = everything.plugins.filter((plugin) => accessOf(plugin) === 'principal');
    const order = [
      [...everything.services, ...everything.consumers],
      closing.filter(({ route }) => route === undefined),
      everything.routes,
      closing.filter(({ route }) => route !== undefined),
      opening,
    ];
    const written = nodes.writes.map((write) => write.split('/').at(-1));
    const ids = order.map((level) => level.map(({ id }) => id));
    const levelOf = (id: string | undefined) => ids.findIndex((level) => level.includes(id ?? ''));
    expect(written.map(levelOf)).toEqual(ids.flatMap((level, index) => level.map(() => index)));
  });

  it('closes before it takes away: a route that was open to everybody becomes one for principals', async () => {
    await load();
    const route = idOf('routes', 'pages');
    const own = everything.plugins.filter((plugin) => plugin.route?.id === route);
    const closed = { ...everything, plugins: everything.plugins.filter((plugin) => !own.includes(plugin)) };
    const moved = {
      ...closed,
      routes: closed.routes.map((each) => ({ ...each, paths: [...each.paths, '/new'] })),
    };
    const { nodes } = await load(moved);
    const first = nodes.writes.slice(0, own.length).toSorted();
    expect(first).toEqual(own.map(({ id }) => `DELETE /plugins/${id}`).toSorted());
    expect(nodes.writes.slice(own.length).every((write) => write.startsWith('PUT /routes/'))).toBe(true);
  });

  it('mends what was changed or removed behind our back, and writes nothing else', async () => {
    await load();
    const service = idOf('services', 'llm-api');
    const gone = everything.plugins.find(({ route }) => route !== undefined)?.id ?? '';
    const off = everything.plugins.find(({ name }) => name === 'cors')?.id ?? '';
    await kong.admin(`PATCH /services/${service}`, { host: 'elsewhere.example' });
    await kong.admin(`PATCH /plugins/${off}`, { enabled: false });
    await kong.admin(`DELETE /plugins/${gone}`);
    const key = everything.plugins.find(({ name }) => name === 'key-auth')?.id ?? '';
    await kong.admin(`PATCH /plugins/${key}`, { config: { anonymous: 'tier-key' } });
    const { nodes, plan } = await load();
    expect(nodes.writes.toSorted()).toEqual(
      [
        `PUT /plugins/${gone}`,
        `PUT /plugins/${key}`,
        `PUT /plugins/${off}`,
        `PUT /services/${service}`,
      ].toSorted(),
    );
    expect(summaryOf(plan)).toBe(`create 1, update 3, unchanged ${count - 4}`);
    expect((await load()).nodes.writes).toEqual([]);
  });

  it('removes what is of an earlier topology', async () => {
    await load();
    const route = idOf('routes', 'mcp');
    const smaller = withoutRoute(route);
    const { nodes } = await load(smaller);
    expect(nodes.writes).toEqual([`DELETE /routes/${route}`]);
    expect((await read('/plugins?size=1000')).data).toHaveLength(smaller.plugins.length);
  });

  it('leaves alone what lacks our tag', async () => {
    const { json: stranger } = await kong.admin('POST /consumers', { username: 'stranger' });
    const { json: route } = await kong.admin('POST /routes', { name: 'theirs', paths: ['/theirs'] });
    const { json: plugin } = await kong.admin('POST /routes/theirs/plugins', {
      name: 'rate-limiting',
      config: { minute: 5 },
      consumer: { id: stranger.id },
    });
    await load();
    await load(topology(topologyOptions({ CORS_ORIGINS: 'https://app.example' })), { force: true });
    expect(await read(`/consumers/${stranger.id}`)).toEqual(stranger);
    expect(await read(`/routes/${route.id}`)).toEqual(route);
    expect(await read(`/plugins/${plugin.id}`)).toEqual(plugin);
  });

  it.each([
    ['the name', 'POST /consumers', { username: 'tier-guest' }, /consumer tier-guest .* not ours/],
    ['a global plugin', 'POST /plugins', { name: 'cors' }, /plugin cors .* not ours/],
  ])('writes nothing where %s of ours is somebody else’s, and says whose', async (_what, line, body, why) => {
    const { json: theirs } = await kong.admin(line, body);
    const nodes = nodesOf(kong);
    const loading = loadTopology(nodes, kong.adminUrl, everything);
    await expect(loading).rejects.toThrow(TopologyBlocked);
    await expect(loading).rejects.toThrow(why);
    await expect(loading).rejects.toThrow(String(theirs.id));
    expect(nodes.writes).toEqual([]);
  });

  it('does not delete a stale route that has a plugin of somebody else', async () => {
    await load();
    const route = idOf('routes', 'mcp');
    await kong.admin(`POST /routes/${route}/plugins`, { name: 'request-transformer' });
    const smaller = withoutRoute(route);
    await expect(load(smaller)).rejects.toThrow(/route mcp .* plugin request-transformer .* is not ours/);
    expect((await kong.admin(`GET /routes/${route}`)).status).toBe(200);
  });

  it('waits for a person before it deletes a tenth of what is there', async () => {
    await load();
    await expect(load(nothing)).rejects.toThrow(`held: it deletes ${count} of the ${count} entities`);
    await load(nothing, { force: true });
    expect((await read('/routes')).data).toEqual([]);
  });

  it('stopped after any number of writes is whole after the next time', async () => {
    for (const writes of [0, 1, 7, 30, count - 1]) {
      const nodes = nodesOf(kong);
      nodes.left = writes;
      await expect(loadTopology(nodes, kong.adminUrl, everything)).rejects.toThrow(/steps done: .*is gone/);
      const { nodes: again } = await load();
      expect(nodes.writes.length + again.writes.length).toBe(count);
      expect((await load()).nodes.writes).toEqual([]);
      await load(nothing, { force: true });
    }
  });

  it('is only looked at in a dry run', async () => {
    const { nodes, plan } = await load(everything, { dryRun: true });
    expect(nodes.writes).toEqual([]);
    expect(summaryOf(plan)).toBe(`create ${count}, unchanged 0`);
  });
});

describe('consumers and their credentials in a Kong with a database', () => {
  const tag = 'managed-by:gatehouse';
  let kong: TestGateway;
  beforeAll(async () => {
    kong = await gatewayFor('db');
    for (const { id } of (await kong.admin('GET /consumers?size=1000')).json.data as { id: string }[])
      await kong.admin(`DELETE /consumers/${id}`);
  });
  afterAll(() => kong.close());

  const id = (kind: string, name: string) => entityId('credential', 'jan', `${kind}/${name}`);
  const stateOf = (...names: readonly string[]): KongState => {
    const each = (kind: string, fields: (name: string) => object) =>
      names.map((name) => ({ id: id(kind, name), tags: [tag], ...fields(name) }));
    const consumer = (name: string) => ({ consumer: { id: id('consumer', name) } });
    return {
      consumers: each('consumer', (name) => ({ username: name, custom_id: `${name}@example.com` })),
      'key-auths': each('key', (name) => ({ key: `a-key/of-${name}`, ...consumer(name) })),
      acls: each('acl', (name) => ({ group: 'llm', ...consumer(name) })),
      jwts: each('jwt', (name) => ({ key: `kid-${name}`, ...consumer(name) })),
      oauth2: each('oauth2', (name) => ({
        name: 'app',
        client_id: `client-${name}`,
        client_secret: `a-secret-of-${name}`,
        redirect_uris: ['https://app.example/b', 'https://app.example/a'],
        ...consumer(name),
      })),
      plugins: each('plugin', (name) => ({
        name: 'rate-limiting',
        config: { minute: 5 },
        ...consumer(name),
      })),
    };
  };
  const sync = async (desired: KongState) => {
    const nodes = nodesOf(kong);
    const admin = new KongAdmin(nodes, kong.adminUrl);
    const todo = plan(desired, await readState(admin, desired, tag), { tag, force: true });
    await apply(todo, admin);
    return { todo, writes: nodes.writes, reads: nodes.seen.length - nodes.writes.length };
  };
  const many = Array.from({ length: 60 }, (_, index) => `u${index}`);

  it('are made once, a few or many at a time, and go with their consumer', async () => {
    expect((await sync(stateOf('ann', 'bob'))).writes).toHaveLength(12);
    expect((await sync(stateOf('ann', 'bob'))).writes).toEqual([]);
    const { writes, reads } = await sync(stateOf('ann', ...many));
    expect(writes[0]).toBe(`DELETE /consumers/${id('consumer', 'bob')}`);
    expect(writes).toHaveLength(1 + 60 * 6);
    expect(reads).toBeLessThan(100);
    expect((await sync(stateOf('ann', ...many))).writes).toEqual([]);
  });

  it('are mended, whatever was changed', async () => {
    await sync(stateOf('ann'));
    await kong.admin(`PATCH /consumers/ann`, { custom_id: 'someone-else' });
    await kong.admin(`PATCH /oauth2/${id('oauth2', 'ann')}`, { client_type: 'public' });
    await kong.admin(`DELETE /acls/${id('acl', 'ann')}`);
    const { writes } = await sync(stateOf('ann'));
    const mended = [['consumers', 'consumer'], ['oauth2', 'oauth2'], ['acls', 'acl']] as const; // prettier-ignore
    expect(writes.toSorted()).toEqual(
      mended.map(([path, kind]) => `PUT /${path}/${id(kind, 'ann')}`).toSorted(),
    );
    expect((await sync(stateOf('ann'))).writes).toEqual([]);
  });

  it('change names among each other', async () => {
    await sync(stateOf('ann', 'bob'));
    const { consumers = [], ...rest } = stateOf('ann', 'bob');
    const [ann, bob] = consumers as unknown as { id: string }[];
    const swapped = {
      ...rest,
      consumers: [
        { ...bob, id: ann?.id ?? '' },
        { ...ann, id: bob?.id ?? '' },
      ],
    };
    const { todo } = await sync(swapped);
    expect(todo.levels[0]?.name).toBe('give up names');
    expect((await kong.admin('GET /consumers/ann')).json.id).toBe(bob?.id);
    expect((await sync(swapped as unknown as KongState)).writes).toEqual([]);
    await sync(stateOf('ann', 'bob'));
  });

  it('are not made where somebody else has the name; the others are', async () => {
    await sync(stateOf());
    const { json: theirs } = await kong.admin('POST /consumers', {
      username: 'x',
      custom_id: 'ann@example.com',
    });
    const { todo, writes } = await sync(stateOf('ann', 'bob'));
    expect(writes).toHaveLength(6);
    expect(todo.blocked.map(({ subject }) => subject)).toHaveLength(6);
    expect(blockedLine(todo.blocked[0]!)).toContain(`(${theirs.id}) has the same custom_id and is not ours`);
    expect((await kong.admin(`GET /consumers/${theirs.id}`)).json).toEqual(theirs);
  });
});

describe('a topology in a Kong without a database', () => {
  let kong: TestGateway;
  beforeAll(async () => {
    kong = await gatewayFor('dbless');
  });
  afterAll(() => kong.close());
  const EMPTY = { _format_version: '3.0' };
  beforeEach(async () => {
    await kong.admin('POST /config', EMPTY);
  });
  const load = async (options = {}) => {
    const nodes = nodesOf(kong);
    return { nodes, ...(await loadTopology(nodes, kong.adminUrl, everything, options)) };
  };
  const loaded = ['POST /config?check_hash=1'];

  it('is one request: again there is nothing to do, and one read', async () => {
    expect((await load()).nodes.writes).toEqual(loaded);
    const second = await load();
    expect(second.nodes.seen.map(({ path }) => path)).toEqual(['/status']);
    expect(second.plan).toBeUndefined();
  });

  it('is loaded again where the node has another configuration, or none', async () => {
    await load();
    await kong.admin('POST /config', EMPTY);
    const { nodes, plan } = await load();
    expect(nodes.writes).toEqual(loaded);
    expect(summaryOf(plan)).toMatch(/^create \d+, unchanged 0$/);
  });

  it('does not replace what is somebody else’s unless that is meant', async () => {
    await kong.admin('POST /config', { ...EMPTY, consumers: [{ username: 'stranger' }] });
    await expect(load()).rejects.toThrow('1 entities are not of the topology');
    expect((await kong.admin('GET /consumers/stranger')).status).toBe(200);
    expect((await load({ force: true })).nodes.writes).toEqual(loaded);
  });
});
