import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe } from '@jest/globals';
import { parseSettings, setting } from '#config';
import { KongNodes } from '#kong-admin';
import {
  loadTopology,
  type Plugin,
  type Route,
  type Topology,
  topology,
  topologyOptions,
} from '../../kong/topology/index.js';
import { eventually, type RunningAuthApi, startAuthApi } from './auth-api.js';
import { type Body, newGuest, newKey, newMember, type TestGuest, type TestMember } from './client.js';
import { testStack } from './stack.js';
import { StandIn } from './stand-in.js';
import { type SeenRequest, TEST_ID, Upstream } from './upstream.js';

/** One Kong node, or the stand-in for one. */
export interface EdgeNode {
  readonly url: string;
  readonly adminUrl: string;
  /** Undefined for a given Kong, which no test stops. */
  readonly standIn?: StandIn;
}

/** A request as a client of the gateway can send it: names and repetitions as written. */
export interface EdgeRequest {
  readonly method?: string;
  readonly token?: string;
  readonly apiKey?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Sent as JSON unless it is a string. */
  readonly body?: unknown;
  /** Which node it goes to; the first one if not said. */
  readonly node?: number;
  /** The client's own address, such as 127.0.0.2; else the machine chooses. */
  readonly from?: string;
}

export interface EdgeAnswer {
  readonly status: number;
  /** Names in lower case; repeated ones joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Parsed JSON; undefined when it is none. */
  readonly body: Body;
  /** What a service behind the gateway was sent; undefined when nothing came there. */
  readonly seen: SeenRequest | undefined;
}

export interface EdgeOptions {
  /** How many gateways; more than one only where the stand-in runs or as many are given. */
  readonly nodes?: number;
  /** Of the stand-in; a given Kong has its own. */
  readonly mode?: 'db' | 'dbless';
  /** Settings of the topology: KONG_JWT_PLUGIN, LIMITS_PROFILE, CORS_ORIGINS, … (kong/topology/options.ts). */
  readonly topology?: Readonly<Record<string, string>>;
  readonly authApi?: Readonly<Record<string, string | undefined>>;
  /** By which address auth-api reaches a node's Admin API; directly if not said. */
  readonly adminBy?: (adminUrl: string) => Promise<string>;
}

/** What a test wants otherwise in a topology, where no setting says it. */
export type TopologyEdit = (topology: Topology) => Topology;

/** auth-api behind a gateway, with one upstream that stands for every other service. */
export interface Edge {
  readonly nodes: readonly EdgeNode[];
  readonly api: RunningAuthApi;
  readonly upstream: Upstream;
  send(path: string, request?: EdgeRequest): Promise<EdgeAnswer>;
  guest(): Promise<TestGuest>;
  member(): Promise<TestMember>;
  key(owner: TestGuest, body?: Readonly<Record<string, unknown>>): Promise<{ id: string; key: string }>;
  /** A metric of one node's /metrics, summed over all label sets that contain `labels`. */
  metric(name: string, labels?: Readonly<Record<string, string>>, node?: number): Promise<number>;
  /** Puts another topology into every node and waits until it is in force. */
  reload(settings: Readonly<Record<string, string>>, edit?: TopologyEdit): Promise<void>;
  /** Kills a stand-in; another takes its place at the same ports, with its configuration and nothing else. */
  restart(node: number): Promise<void>;
  stop(): Promise<void>;
}

/** The workers of a node change each in its own time: so many answers at once must agree. */
const AGREEING = 4;

const GIVEN = {
  GATEWAY_URL: setting
    .urls('Kong nodes for clients, with commas between; else the stand-in runs.')
    .default([]),
  KONG_ADMIN_URL: setting.urls('Their Admin APIs, in the same order.').default([]),
};

/**
 * The Kong nodes that GATEWAY_URL and KONG_ADMIN_URL name, if they do. Such a Kong has our plugins, the shared dict
 * `gatehouse`, and GATEWAY_SECRET and GATEWAY_CALL_SECRET in its environment, which the test run is given as well; it
 * reaches 127.0.0.1 of this machine.
 */
export function givenNodes(): readonly EdgeNode[] {
  const { GATEWAY_URL: urls, KONG_ADMIN_URL: admins } = parseSettings(GIVEN, process.env);
  if (urls.length !== admins.length) throw new Error('GATEWAY_URL and KONG_ADMIN_URL name the same nodes');
  return urls.map((url, index) => ({ url, adminUrl: admins[index] ?? '' }));
}

/** A `describe` for what needs a gateway that the test may kill, restart or start in another mode: not a given Kong. */
export const standInOnly = givenNodes().length === 0 ? describe : describe.skip;

/** Starts all of it and waits until a guest gets through every node. */
export async function startEdge(purpose: string, options: EdgeOptions = {}): Promise<Edge> {
  const wanted = options.nodes ?? 1;
  const stops: (() => Promise<void>)[] = [];
  const given = givenNodes().slice(0, wanted);
  const nodes: EdgeNode[] = [...given];
  if (given.length > 0 && given.length < wanted) throw new Error(`${wanted} gateways needed, see givenNodes`);
  while (nodes.length < wanted) {
    const standIn = await StandIn.start(`${purpose}-gateway-${nodes.length}`, options.mode ?? 'db');
    nodes.push({ url: standIn.url, adminUrl: standIn.adminUrl, standIn });
    stops.push(() => standIn.stop());
  }
  const upstream = await Upstream.start();
  stops.push(() => upstream.stop());
  const adminBy = options.adminBy ?? ((adminUrl) => Promise.resolve(adminUrl));
  const adminUrls = await Promise.all(nodes.map(({ adminUrl }) => adminBy(adminUrl)));
  const api = await startAuthApi(purpose, {
    KONG_ADMIN_URLS: adminUrls.join(','),
    TRUSTED_PROXIES: '127.0.0.1',
    ...options.authApi,
  });
  stops.push(() => api.stop());
  const edge = new RunningEdge(nodes, api, upstream, stops);
  await edge.reload(options.topology ?? {});
  return edge;
}

class RunningEdge implements Edge {
  private loaded: Topology | undefined;

  constructor(
    readonly nodes: readonly EdgeNode[],
    readonly api: RunningAuthApi,
    readonly upstream: Upstream,
    private readonly stops: readonly (() => Promise<void>)[],
  ) {}

  guest = () => newGuest(this.api.url);
  member = () => newMember(this.api.url);
  key = (owner: TestGuest, body?: Readonly<Record<string, unknown>>) => newKey(this.api.url, owner, body);

  async send(path: string, request: EdgeRequest = {}): Promise<EdgeAnswer> {
    const id = randomUUID();
    const node = this.nodes[request.node ?? 0];
    if (node === undefined) throw new Error(`there is no node ${request.node}`);
    const payload = bodyOf(request.body);
    const headers = [
      ['Host', new URL(node.url).host],
      [TEST_ID, id],
      ...(payload === undefined && !sendsABody(request) ? [] : [['Content-Length', lengthOf(payload)]]),
      ...(typeof request.body === 'object' ? [['Content-Type', 'application/json']] : []),
      ...(request.token === undefined ? [] : [['Authorization', `Bearer ${request.token}`]]),
      ...(request.apiKey === undefined ? [] : [['X-API-Key', request.apiKey]]),
      ...(request.headers ?? []),
    ].flat();
    const { method, from } = request;
    const answer = await exchange(node.url, path, { method, headers, from }, payload);
    return { ...answer, seen: this.upstream.find(id) };
  }

  async metric(name: string, labels: Readonly<Record<string, string>> = {}, node = 0): Promise<number> {
    const text = await (await fetch(`${this.nodes[node]?.adminUrl}/metrics`)).text();
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => pairs.every((pair) => line.includes(pair)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async reload(
    settings: Readonly<Record<string, string>>,
    edit: TopologyEdit = (same) => same,
  ): Promise<void> {
    const stack = testStack();
    const upstream = `http://127.0.0.1:${this.upstream.port}`;
    const mark = randomUUID();
    const plain = topology(
      topologyOptions({
        LIMITS_PROFILE: 'development',
        KEYCLOAK_URL: stack.keycloakUrl,
        KEYCLOAK_ISSUER: stack.issuer,
        AUTH_API_URL: this.api.url,
        AUTH_API_INTERNAL_URL: this.api.internalUrl,
        ...Object.fromEntries(
          ['LLM_API', 'MEDIA_API', 'RESPONSE_API', 'MCP_TOOLS', 'ECHO_API'].map((n) => [
            `${n}_URL`,
            upstream,
          ]),
        ),
        ...settings,
      }),
    );
    const edited = edit(plain);
    const wanted = withMark(edited, mark);
    this.loaded = wanted;
    const urls = this.nodes.map(({ adminUrl }) => adminUrl);
    const admin = new KongNodes({ urls, timeoutMs: 10_000, tokenHeader: undefined });
    for (const url of urls) {
      await loadTopology(admin, url, edited, { force: true });
      await loadTopology(admin, url, wanted, { force: true });
    }
    for (const node of this.nodes.keys())
      await eventually(
        async () => {
          const asked = Array.from({ length: AGREEING }, () => this.send(`/${mark}`, { node }));
          return (await Promise.all(asked)).every(({ text }) => text === mark);
        },
        `node ${node} works by its new configuration`,
        20_000,
      );
    if (settings['KEYCLOAK_REALM'] !== undefined) return; // a realm that auth-api's guests are not of
    const probe = await this.guest();
    for (const node of this.nodes.keys()) {
      await eventually(
        async () => {
          const answer = await this.send('/v1/probe', { token: probe.accessToken, node });
          const health = await this.send('/healthz', { node });
          // What stands there is the upstream of the tests, or a service, which says whom it let in.
          const arrived = answer.seen !== undefined || answer.headers['x-principal-id'] !== undefined;
          return arrived && health.status === 200;
        },
        `a guest gets through node ${node}`,
        20_000,
      );
    }
  }

  async restart(node: number): Promise<void> {
    const standIn = this.nodes[node]?.standIn;
    if (standIn === undefined || this.loaded === undefined) throw new Error('only a stand-in is restarted');
    await standIn.restart(this.loaded);
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.toReversed()) await stop();
  }
}

/**
 * Kong takes seconds to work by a changed configuration. This adds a route to what is loaded already: where it answers
 * with the mark, everything else is in force.
 */
function withMark(plain: Topology, mark: string): Topology {
  const closed = plain.routes.find(({ name }) => name === 'closed');
  if (closed === undefined) throw new Error('the topology has no route "closed"');
  const route: Route = { ...closed, id: randomUUID(), name: 'mark', paths: [`/${mark}`] };
  const plugins = plain.plugins
    .filter((plugin) => plugin.route?.id === closed.id)
    .map((plugin): Plugin => {
      const config =
        plugin.name === 'request-termination'
          ? { status_code: 404, content_type: 'text/plain', body: mark }
          : plugin.config;
      return { ...plugin, id: randomUUID(), route: { id: route.id }, config };
    });
  return { ...plain, routes: [...plain.routes, route], plugins: [...plain.plugins, ...plugins] };
}

/** The configuration of every instance of a plugin that is global, changed. */
export function withConfig(plugin: string, change: Plugin['config']): TopologyEdit {
  return (plain) => ({
    ...plain,
    plugins: plain.plugins.map((instance) =>
      instance.name === plugin && instance.route === undefined && instance.consumer === undefined
        ? { ...instance, config: { ...instance.config, ...change } }
        : instance,
    ),
  });
}

/** Node would send a POST of nothing in chunks, which says that there is something. */
function sendsABody({ method = 'GET', headers = [] }: EdgeRequest): boolean {
  const named = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  return ['POST', 'PUT', 'PATCH'].includes(method) && !named;
}

function lengthOf(payload = ''): string {
  return String(Buffer.byteLength(payload));
}

function bodyOf(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

/** One request on a connection of its own. The path goes out as it is written: `URL` would take its dots away. */
function exchange(
  url: string,
  path: string,
  { method = 'GET', headers, from }: { method?: string; headers: string[]; from?: string },
  payload: string | undefined,
) {
  const { hostname, port } = new URL(url);
  return new Promise<Omit<EdgeAnswer, 'seen'>>((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, headers, agent: false, localAddress: from });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(told),
          text,
          body: parse(text),
        });
      });
    });
    request.end(payload);
  });
}

function parse(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
