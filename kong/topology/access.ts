import { ANONYMOUS, type Access, TIERS } from './plugins.js';
import { describe, type DeclarativeFile, type Item } from './read.js';

/** A path that anybody may call, and why: kong/public-routes.json. */
export interface PublicPath {
  readonly path: string;
  readonly why: string;
}

const PRINCIPAL = 'keycloak-principal';
const API_KEY = 'keycloak-apikey';
const TOKEN = ['keycloak-jwt', 'jwt'] as const;
/** Kong's own that let a consumer in, in the order in which they run; the last one decides who nobody is. */
const CONSUMER_AUTH = ['oauth2', 'key-auth'];
/** Which instance of a plugin Kong takes, by whether it names a route, a service, a consumer. */
const PRECEDENCE = ['rsc', 'rc', 'sc', 'rs', 'c', 'r', 's', ''];

/** Faults of who may call what: nothing is open that is not on the list, and what is closed has its limits. */
export function accessFaults(file: DeclarativeFile, open: readonly PublicPath[]): string[] {
  const rules = new AccessRules(file, open);
  return [...rules.anonymous(), ...file.routes.flatMap((route) => rules.route(route)), ...rules.list()];
}

class AccessRules {
  private readonly opened = new Set<string>();

  constructor(
    private readonly file: DeclarativeFile,
    private readonly open: readonly PublicPath[],
  ) {}

  route(route: Item): string[] {
    const where = describe(route);
    if (route.service === undefined) {
      const ends = this.file.plugins.some(
        (plugin) => plugin.route === route && plugin.name === 'request-termination' && !plugin.consumer,
      );
      return ends ? [] : [`${where}: leads to no service and is not terminated`];
    }
    const judge = this.instance(route, PRINCIPAL);
    if (judge === undefined) return [`${where}: is not protected: no ${PRINCIPAL}`];
    const access = accessOf(judge, 'principal');
    const faults = this.companions(route, judge, access);
    if (access === 'public') faults.push(...this.publicRoute(route));
    else if (access === 'consumer') faults.push(...this.consumerRoute(route));
    else if (access === 'principal') faults.push(...this.tiers(route, judge));
    else faults.push(`access ${JSON.stringify(access)} is not known`);
    return faults.map((fault) => `${where}: ${fault}`);
  }

  /** Where `anonymous` leads must exist (Kong answers 500 else) and must be refused in the end. */
  anonymous(): string[] {
    return this.file.plugins.flatMap((plugin) => {
      const name = config(plugin)['anonymous'];
      const known = name === undefined || this.file.consumers.some((consumer) => consumer.name === name);
      return known ? [] : [`${describe(plugin)}: there is no consumer ${JSON.stringify(name)}`];
    });
  }

  /** Call after every route was judged. */
  list(): string[] {
    const unused = this.open.filter(({ path }) => !this.opened.has(path));
    const unexplained = this.open.filter(({ why }) => !why);
    return [
      ...unused.map(({ path }) => `public-routes.json: ${path} is listed, but not open`),
      ...unexplained.map(({ path }) => `public-routes.json: ${path} has no reason`),
    ];
  }

  /** The two plugins that ask for credentials must do so exactly where keycloak-principal relies on it. */
  private companions(route: Item, judge: Item, access: Access): string[] {
    const token = TOKEN.flatMap((name) => this.instance(route, name) ?? []);
    const key = this.instance(route, API_KEY);
    const faults: string[] = [];
    if (token.length !== 1) faults.push(`needs one of ${TOKEN.join(', ')}, has ${token.length}`);
    if (key === undefined) faults.push(`has no ${API_KEY}`);
    for (const plugin of [judge, ...token, ...(key ? [key] : [])]) {
      const theirs = accessOf(plugin, access);
      if (theirs !== access) faults.push(`${plugin.name} has access ${theirs}, ${PRINCIPAL} has ${access}`);
      if (access === 'principal' && (plugin.route ?? plugin.service))
        faults.push(`has a ${plugin.name} of its own, which replaces the global one`);
    }
    return faults;
  }

  private publicRoute(route: Item): string[] {
    const unlisted = pathsOf(route).filter((path) => !this.open.some((listed) => listed.path === path));
    for (const path of pathsOf(route)) this.opened.add(path);
    const limit = this.instance(route, 'rate-limiting');
    const byAddress = limit === undefined || config(limit)['limit_by'] === 'ip';
    return [
      ...unlisted.map((path) => `${path} is open, but not on the list of public routes`),
      ...(byAddress ? [] : ['nobody is known here, so it is limited by ip']),
    ];
  }

  private consumerRoute(route: Item): string[] {
    const ways = CONSUMER_AUTH.flatMap((name) => this.instance(route, name) ?? []);
    const last = ways.at(-1);
    if (last === undefined) return [`is not protected: none of ${CONSUMER_AUTH.join(', ')}`];
    const faults: string[] = [];
    const nobody = config(last)['anonymous'];
    if (nobody !== undefined && !this.refused(route, nobody))
      faults.push(`${JSON.stringify(nobody)} is not terminated`);
    if (this.instance(route, 'acl') === undefined) faults.push('has no acl: any consumer would do');
    const limit = this.instance(route, 'rate-limiting');
    if (limit === undefined || config(limit)['limit_by'] !== 'credential')
      faults.push('has no limit per credential');
    return [...faults, ...this.proof(route)];
  }

  /** A service that others than consumers reach is ours: it believes nobody without a proof, and no one else gets one. */
  private proof(route: Item): string[] {
    const isForOthers = (judge: Item | undefined): boolean =>
      judge === undefined || ['principal', 'public'].includes(accessOf(judge, 'principal'));
    const isOurs = this.file.routes.some(
      (other) => other.service === route.service && isForOthers(this.instance(other, PRINCIPAL)),
    );
    const judge = this.instance(route, PRINCIPAL);
    const signs = judge !== undefined && config(judge)['identity_secret'] !== undefined;
    if (isOurs && !signs) return ['has no identity_secret: the service would refuse its consumers'];
    return !isOurs && signs ? ['has an identity_secret, but leads to a service that is not ours'] : [];
  }

  private tiers(route: Item, judge: Item): string[] {
    const named = (config(judge)['tiers'] ?? {}) as Record<string, unknown>;
    const faults = this.refused(route, ANONYMOUS.key)
      ? []
      : [`${JSON.stringify(ANONYMOUS.key)} is not terminated`];
    for (const tier of Object.keys(TIERS)) {
      const consumer = named[tier];
      if (!this.file.consumers.some(({ name }) => name === consumer))
        faults.push(`tier ${tier} has no consumer`);
      else {
        const limit = this.instance(route, 'rate-limiting', String(consumer));
        if (limit === undefined || limit.route !== route) faults.push(`tier ${tier} has no limit`);
        else if (config(limit)['limit_by'] !== 'credential')
          faults.push(`tier ${tier} counts all its principals as one: limit_by must be credential`);
      }
    }
    return faults;
  }

  private refused(route: Item, consumer: unknown): boolean {
    const lock = this.instance(route, 'request-termination', String(consumer));
    return lock?.consumer !== undefined && config(lock)['status_code'] === 401;
  }

  /** The most specific instance of a plugin replaces the others whole. */
  private instance(route: Item, name: string, consumer?: string): Item | undefined {
    const here = this.file.plugins.filter(
      (plugin) =>
        plugin.name === name &&
        (plugin.route === undefined || plugin.route === route) &&
        (plugin.service === undefined || plugin.service === route.service) &&
        (plugin.consumer === undefined || plugin.consumer.name === consumer),
    );
    const scope = ({ route: r, service: s, consumer: c }: Item): string =>
      (r ? 'r' : '') + (s ? 's' : '') + (c ? 'c' : '');
    return here.toSorted((a, b) => PRECEDENCE.indexOf(scope(a)) - PRECEDENCE.indexOf(scope(b)))[0];
  }
}

function config(plugin: Item): Readonly<Record<string, unknown>> {
  return (plugin.fields['config'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** Kong's own jwt knows no access: looking for a token nowhere is how it fits a route where nobody is asked. */
function accessOf(plugin: Item, wanted: Access): Access {
  const { access, header_names: headers } = config(plugin);
  if (plugin.name !== 'jwt') return (access ?? 'principal') as Access;
  if (!Array.isArray(headers) || headers.length > 0) return 'principal';
  return wanted === 'principal' ? 'public' : wanted;
}

function pathsOf(route: Item): readonly string[] {
  return (route.fields['paths'] ?? []) as readonly string[];
}
