import { defineProblem } from '#problem';

export const NotReady = defineProblem<{ checks: Readonly<Record<string, unknown>>; what: string }>({
  type: 'health/not-ready',
  status: 503,
  title: 'Not ready',
  detail: ({ what }) => `Not ready: ${what}.`,
  extensions: ({ checks }) => checks,
  headers: () => ({ 'retry-after': '2' }),
  help: 'Names what is missing: the database, the realm keys, Keycloak, or the guard.',
});
