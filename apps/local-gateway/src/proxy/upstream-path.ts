/**
 * Where a request goes at the upstream: the service's path, and what is left of the request's after the route's was
 * taken away (`path_handling` v0).
 */
export function upstreamPath(base: string, path: string, stripped: string | undefined): string {
  if (stripped === undefined) {
    if (base.endsWith('/')) return base + path.slice(1);
    return path === '/' ? base : base + path;
  }
  const rest = path.slice(stripped.length);
  if (base.endsWith('/')) {
    if (rest === '') return base === '/' || path.endsWith('/') ? base : base.slice(0, -1);
    return rest.startsWith('/') ? base.slice(0, -1) + rest : base + rest;
  }
  if (rest === '') return path.length > 1 && path.endsWith('/') ? `${base}/` : base;
  return rest.startsWith('/') ? base + rest : `${base}/${rest}`;
}
