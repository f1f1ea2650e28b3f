import { UNREACHABLE, UNREACHABLE_AT_AUTH_API } from './entities.js';
import { describe, type DeclarativeFile, type Item } from './read.js';

/** Faults of names and paths: what is there twice, and what would lead to an address that nobody outside may reach. */
export function reachFaults(file: DeclarativeFile): string[] {
  const paths = file.routes.flatMap((route) => pathsOf(route).map((path) => ({ path, route })));
  return [...doubles(file, paths), ...paths.flatMap((entry) => reached(entry, paths))];
}

interface Routed {
  readonly path: string;
  readonly route: Item;
}

function doubles(file: DeclarativeFile, paths: readonly Routed[]): string[] {
  const { services, routes, consumers, plugins } = file;
  const all = [...services, ...routes, ...consumers, ...plugins];
  const twice = (names: readonly string[]): string[] => [
    ...new Set(names.filter((name, at) => names.indexOf(name) < at)),
  ];
  const ids = all.flatMap(({ fields }) => (typeof fields['id'] === 'string' ? [fields['id']] : []));
  return [
    ...twice(all.map(describe)).map((name) => `${name}: is there twice`),
    ...twice(ids).map((id) => `id ${id}: is there twice`),
    ...twice(paths.map(({ path }) => path)).map((path) => `path ${path}: is there twice`),
  ];
}

/** A route without a service ends at the gateway: the way to close what another route would open. */
function reached({ path, route }: Routed, paths: readonly Routed[]): string[] {
  const { service } = route;
  if (service === undefined) return [];
  const authApi = paths.find((other) => other.path === '/auth')?.route.service;
  const forbidden = [...UNREACHABLE, ...(sameTarget(service, authApi) ? UNREACHABLE_AT_AUTH_API : [])];
  return forbidden.flatMap((end) =>
    requestsFor(end, path, route)
      .filter((request) => winner(request, paths)?.route === route)
      .map((request) => `${describe(route)}: ${request} leads to ${end} of ${service.name}`),
  );
}

/** Requests that this path takes and that arrive at `end` or below it. Kong knows no segments: /llm takes /llmetrics. */
function requestsFor(end: string, path: string, { fields }: Item): readonly string[] {
  if (fields['strip_path'] !== false)
    return path.endsWith('/') ? [path + end.slice(1)] : [path + end, path + end.slice(1)];
  if (end.startsWith(path)) return [end];
  return path.startsWith(end) ? [path] : [];
}

function winner(request: string, paths: readonly Routed[]): Routed | undefined {
  return paths
    .filter(({ path }) => request.startsWith(path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

function sameTarget(a: Item, b: Item | undefined): boolean {
  return a === b || (a.fields['host'] === b?.fields['host'] && a.fields['port'] === b?.fields['port']);
}

function pathsOf({ fields }: Item): readonly string[] {
  return Array.isArray(fields['paths']) ? (fields['paths'] as readonly string[]) : [];
}
