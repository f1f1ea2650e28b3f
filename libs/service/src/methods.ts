import type { FastifyInstance } from 'fastify';
import { MethodNotAllowed } from '#problem';

/**
 * Answers 405 with Allow, not 404, where an address exists for other methods (RFC 9110 §15.5.6). Must be set up before
 * the routes are.
 */
export function refuseOtherMethods(server: FastifyInstance): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  server.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}/?$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  // After every onRequest hook, so that an address of the other port does not show its methods here.
  server.addHook('preParsing', (request, _reply, _payload, done) => {
    if (!request.is404) return done();
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length === 0 || allowed.includes(request.method)) return done();
    done(MethodNotAllowed({ allow: [...new Set(allowed)].sort().join(', ') }));
  });
}
