import type { FastifyRequest } from 'fastify';
import { ConfusedDeputy, InsufficientScope, KeysUnavailable, principalOf, Unauthenticated } from '#principal';
import type { OpenApiOptions } from './openapi.js';

/** The ways in that the gateway knows, as an OpenAPI document names them: `session` and `api key`. */
export const EDGE_ACCESS: Pick<OpenApiOptions, 'security' | 'problems'> = {
  security: (builder) =>
    builder
      .addBearerAuth(
        { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token.' },
        'session',
      )
      .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' }, 'api key'),
  problems: {
    all: [Unauthenticated],
    byScheme: {
      session: [ConfusedDeputy, KeysUnavailable],
      'api key': [InsufficientScope],
    },
  },
};

/** Who is calling, for the log line of a request. */
export function describeCaller(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const principal = principalOf(request);
  if (principal === undefined) return {};
  const { method, gateway, credentialId } = principal.via;
  return { user_id: principal.id, method_used: method, credential: credentialId, by_gateway: gateway };
}
