import type { Dao } from '../entities/dao.js';
import { type Entity, isTable, type Value, textOf } from '../entities/value.js';
import { hostPattern } from './host-pattern.js';

export interface RequestFacts {
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headersNamed: (name: string) => readonly string[];
}
export interface Match {
  readonly route: Entity;
  readonly service: Entity | undefined;
  /** The part of the path that the route names, when it is to be stripped. */
  readonly prefix: string | undefined;
  readonly captures: Readonly<Record<string, string>>;
}

interface Candidate {
  readonly route: Entity;
  readonly service: Entity | undefined;
  readonly weights: readonly number[];
  readonly createdAt: number;
  readonly path: string | undefined;
  readonly regex: RegExp | undefined;
  readonly hosts: readonly ((host: string, port: number) => boolean)[];
  readonly methods: readonly string[];
  readonly headers: readonly (readonly [string, readonly string[]])[];
}

const list = (value: Value | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/**
 * Routes in the order Kong's router (`traditional_compatible`) tries them: by the number of kinds of criteria, plain
 * hosts before wildcards, number of headers, regular expressions before prefixes, then `regex_priority`, then the
 * longer path, then the older route. Each path of a route stands for itself.
 */
export class Router {
  readonly #candidates: readonly Candidate[];

  constructor(dao: Dao) {
    const all: Candidate[] = [];
    for (const route of dao.each('routes')) {
      const link = route['service'];
      const service = isTable(link) ? dao.select('services', textOf(link['id'])) : undefined;
      if (service?.['enabled'] === false) continue;
      const paths = list(route['paths']);
      for (const path of paths.length > 0 ? paths : [undefined]) all.push(candidate(route, service, path));
    }
    this.#candidates = all.sort(inOrder);
  }

  match(facts: RequestFacts): Match | undefined {
    for (const candidate of this.#candidates) {
      const match = tryCandidate(candidate, facts);
      if (match) return match;
    }
    return undefined;
  }
}

function candidate(route: Entity, service: Entity | undefined, path: string | undefined): Candidate {
  const hosts = list(route['hosts']);
  const methods = list(route['methods']);
  const headers = Object.entries(isTable(route['headers']) ? route['headers'] : {}).map(
    ([name, values]) => [name.toLowerCase(), list(values).map((value) => value.toLowerCase())] as const,
  );
  const regex = path?.startsWith('~')
    ? new RegExp(`^(?:${path.slice(1).replace(/\(\?P</g, '(?<')})`)
    : undefined;
  const kinds = [hosts, methods, headers, path === undefined ? [] : [path]].filter((each) => each.length > 0);
  const isPlainHost = hosts.length > 0 && hosts.every((host) => !host.includes('*'));
  return {
    route,
    service,
    path,
    regex,
    methods,
    headers,
    hosts: hosts.map(hostPattern),
    createdAt: Number(route['created_at']),
    weights: [
      kinds.length,
      Number(isPlainHost),
      headers.length,
      Number(regex !== undefined),
      regex ? Number(route['regex_priority'] ?? 0) : 0,
      regex ? 0 : (path?.length ?? 0),
    ],
  };
}

function inOrder(a: Candidate, b: Candidate): number {
  for (const [index, weight] of a.weights.entries()) {
    const difference = (b.weights[index] ?? 0) - weight;
    if (difference !== 0) return difference;
  }
  return a.createdAt - b.createdAt || (textOf(a.route['id']) < textOf(b.route['id']) ? -1 : 1);
}

function tryCandidate(candidate: Candidate, facts: RequestFacts): Match | undefined {
  const { methods, hosts, headers, path, regex, route, service } = candidate;
  if (methods.length > 0 && !methods.includes(facts.method)) return undefined;
  if (hosts.length > 0 && !hosts.some((fits) => fits(facts.host, facts.port))) return undefined;
  if (!headers.every(([name, wanted]) => hasHeader(facts.headersNamed(name), wanted))) return undefined;
  let prefix = path;
  let captures: Readonly<Record<string, string>> = {};
  if (regex) {
    const found = regex.exec(facts.path);
    if (!found) return undefined;
    prefix = found[0];
    captures = {
      ...Object.fromEntries(found.slice(1).map((each, at) => [String(at + 1), each ?? ''])),
      ...found.groups,
    };
  } else if (path !== undefined && !facts.path.startsWith(path)) return undefined;
  return { route, service, prefix: route['strip_path'] === true ? prefix : undefined, captures };
}

function hasHeader(values: readonly string[], wanted: readonly string[]): boolean {
  return values.some((value) =>
    wanted.some((each) =>
      each.startsWith('~*') ? new RegExp(each.slice(2), 'i').test(value) : each === value.toLowerCase(),
    ),
  );
}
