import { type ApiName, entityId, type TierLimits } from '#config';
import {
  type Consumer,
  type Plugin,
  type PluginConfig,
  type Route,
  type Service,
  TAG,
  type Topology,
  UNREACHABLE,
  UNREACHABLE_AT_AUTH_API,
} from './entities.js';
import type { ServiceName, TopologyOptions } from './options.js';
import * as plugin from './plugins.js';

/** What stands behind each API. */
const APIS: Readonly<Record<ApiName, ServiceName>> = {
  llm: 'llm-api',
  media: 'media-api',
  responses: 'response-api',
  mcp: 'mcp-tools',
  echo: 'echo-api',
};
/** Stands for services of others: what is said of the caller there is Kong's own headers and nothing of ours. */
const THIRD_PARTY: ServiceName = 'echo-api';
/** An answer may be a stream that takes minutes; nothing of it waits in a buffer. */
const STREAMING: readonly ServiceName[] = ['llm-api', 'media-api', 'response-api', 'mcp-tools'];
const ANSWER_MS = 15_000;
const STREAM_MS = 300_000;

const NOT_HERE = plugin.terminate({
  type: '/docs/problems/request/not-found',
  title: 'Not found',
  status: 404,
  detail: 'There is nothing here for you. Check the address; the endpoints are listed at /docs.',
});
const NOBODY = plugin.terminate({
  type: '/docs/problems/principal/unauthenticated',
  title: 'Not authenticated',
  status: 401,
  detail: 'Sign in, or send an API key.',
});

type Row = {
  readonly name: string;
  readonly to: ServiceName;
  readonly paths: readonly string[];
  readonly strip?: boolean;
} & (
  | { readonly access: 'public'; readonly perAddress?: number }
  | { readonly access: 'principal'; readonly tiers: TierLimits }
  | {
      readonly access: 'consumer';
      readonly group: string;
      readonly oauth2?: boolean;
      readonly perCredential: number;
    }
);

/**
 * DESIGN.md section 5, row by row, and what its section 8 adds. Kong takes the route with the longest path that fits,
 * and knows no segments: stripped of `/llm`, `/llminternal` would be `/internal`. So what is stripped ends in a slash.
 */
function rows({ limits }: TopologyOptions): readonly Row[] {
  const { tiers, credentialPerMinute: perCredential } = limits;
  const signIn = ['/auth/guest-login', '/auth/login', '/auth/refresh-token', '/auth/logout'];
  const account = ['/auth', '/llm/auth', '/applications', '/consumers', '/kong', '/admin', '/oauth2'];
  const pages = ['/healthz', '/health/auth', '/docs', '/openapi.json', '/portal'];
  return [
    {
      name: 'sign-in',
      to: 'auth-api',
      paths: signIn.flatMap((path) => [path, `/llm${path}`]),
      access: 'public',
      perAddress: limits.signIn.perMinute,
    },
    { name: 'account', to: 'auth-api', paths: account, access: 'principal', tiers: tiers.account },
    {
      name: 'register',
      to: 'auth-api',
      paths: ['/register'],
      access: 'public',
      perAddress: limits.registrationPerMinute,
    },
    {
      name: 'security',
      to: 'auth-api',
      paths: ['/security'],
      access: 'public',
      perAddress: limits.reportsPerMinute,
    },
    { name: 'pages', to: 'auth-api', paths: pages, access: 'public' },
    {
      name: 'api',
      to: 'echo-api',
      paths: ['/api/'],
      strip: true,
      access: 'consumer',
      group: 'registered',
      perCredential,
    },
    { name: 'llm', to: 'llm-api', paths: ['/llm/'], strip: true, access: 'principal', tiers: tiers.llm },
    { name: 'v1', to: 'llm-api', paths: ['/v1'], access: 'principal', tiers: tiers.llm },
    { name: 'media', to: 'media-api', paths: ['/media'], access: 'principal', tiers: tiers.media },
    {
      name: 'responses',
      to: 'response-api',
      paths: ['/responses', '/v1/responses'],
      access: 'principal',
      tiers: tiers.responses,
    },
    { name: 'mcp', to: 'mcp-tools', paths: ['/mcp'], access: 'principal', tiers: tiers.mcp },
    ...Object.entries(APIS).map(([api, to]): Row => ({
      name: `apis-${api}`,
      to,
      paths: [`/apis/${api}/`],
      strip: true,
      access: 'consumer',
      group: api,
      oauth2: true,
      perCredential,
    })),
  ];
}

/** Everything that Kong needs to know and that is no secret and nobody's in particular. */
export function topology(options: TopologyOptions): Topology {
  const make = new Maker(options);
  const table = rows(options);
  const consumers = [...Object.values(plugin.ANONYMOUS), plugin.ISSUER, ...Object.values(plugin.TIERS)].map(
    (username) => make.consumer(username),
  );
  const services = Object.entries(options.services).map(([name, url]) =>
    make.service(name as ServiceName, url),
  );
  const everywhere = [...plugin.cors(options), ...plugin.accessPlugins(options, 'principal')];
  return {
    services,
    consumers,
    routes: [...table.map((row) => make.route(row)), make.closedRoute(closedPaths(table))],
    plugins: [
      ...everywhere.map((instance) => make.plugin(instance, {})),
      make.plugin(NOBODY, { consumer: plugin.ANONYMOUS.key }),
      ...table.flatMap((row) => routePlugins(row, options, make)),
      ...[...plugin.accessPlugins(options, 'public'), NOT_HERE].map((instance) =>
        make.plugin(instance, { route: CLOSED }),
      ),
    ],
  };
}

const CLOSED = 'closed';

/** What a route that strips its path would otherwise let through to the forbidden ones behind it. */
function closedPaths(table: readonly Row[]): readonly string[] {
  const stripping = table.filter((row) => row.strip).flatMap((row) => row.paths);
  const behind = stripping.flatMap((path) => UNREACHABLE.map((end) => path + end.slice(1)));
  return [...UNREACHABLE, ...UNREACHABLE_AT_AUTH_API, ...behind];
}

function routePlugins(row: Row, options: TopologyOptions, make: Maker): readonly Plugin[] {
  const route = row.name;
  if (row.access === 'principal') {
    return Object.entries(plugin.TIERS).map(([tier, consumer]) =>
      make.plugin(plugin.rateLimit('credential', row.tiers[tier as keyof TierLimits]), { route, consumer }),
    );
  }
  const instances = [...plugin.accessPlugins(options, row.access, row.to !== THIRD_PARTY)];
  if (row.access === 'public') {
    if (row.perAddress !== undefined) instances.push(plugin.rateLimit('ip', row.perAddress));
  } else {
    // With two ways in, each must let the other try; whoever is left is nobody, and ends at NOBODY.
    const anonymous = row.oauth2 ? plugin.ANONYMOUS.key : undefined;
    if (anonymous !== undefined) instances.push(plugin.oauth2(anonymous));
    instances.push(plugin.keyAuth(anonymous), plugin.acl(row.group));
    instances.push(plugin.rateLimit('credential', row.perCredential));
  }
  return instances.map((instance) => make.plugin(instance, { route }));
}

/** Gives everything its tag and the id that follows from its name. */
class Maker {
  private readonly realm: string;

  constructor({ realm }: TopologyOptions) {
    this.realm = realm;
  }

  service(name: ServiceName, url: URL): Service {
    const protocol = url.protocol.slice(0, -1);
    return {
      name,
      id: this.id('service', name),
      protocol,
      host: url.hostname,
      port: Number(url.port || (protocol === 'https' ? 443 : 80)),
      connect_timeout: 5000,
      read_timeout: STREAMING.includes(name) ? STREAM_MS : ANSWER_MS,
      tags: [TAG],
    };
  }

  route({ name, to, paths, strip = false }: Row): Route {
    const unbuffered = STREAMING.includes(to) ? { request_buffering: false, response_buffering: false } : {};
    return {
      name,
      id: this.id('route', name),
      service: { id: this.id('service', to) },
      paths,
      strip_path: strip,
      ...unbuffered,
      tags: [TAG],
    };
  }

  /** Leads to no service: should its plugins ever be lost, there is still nothing behind it. */
  closedRoute(paths: readonly string[]): Route {
    return { name: CLOSED, id: this.id('route', CLOSED), paths, strip_path: false, tags: [TAG] };
  }

  consumer(username: string): Consumer {
    return { username, id: this.id('consumer', username), tags: [TAG] };
  }

  plugin(
    [name, config]: readonly [string, PluginConfig],
    { route, consumer }: { readonly route?: string; readonly consumer?: string },
  ): Plugin {
    return {
      name,
      id: this.id('plugin', [name, route ?? 'global', consumer].filter(Boolean).join('/')),
      ...(route === undefined ? {} : { route: { id: this.id('route', route) } }),
      ...(consumer === undefined ? {} : { consumer: { id: this.id('consumer', consumer) } }),
      config,
      tags: [TAG],
    };
  }

  private id(kind: 'service' | 'route' | 'consumer' | 'plugin', name: string): string {
    return entityId(kind, this.realm, name);
  }
}
