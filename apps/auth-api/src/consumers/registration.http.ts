import type { FastifyReply } from 'fastify';
import type { ConsumersOptions } from './consumers.options.js';
import type { RegisteredDto } from './registration.dto.js';
import type { RegisteredClient } from './registrations.service.js';

/** Shows a client its key: 201 when it works, 202 when Kong does not have it yet. */
export function showClient(
  reply: FastifyReply,
  { id, username, key, active }: RegisteredClient,
  { publicUrl }: ConsumersOptions,
): RegisteredDto {
  void reply.code(active ? 201 : 202).header('cache-control', 'no-store');
  return {
    success: true,
    consumer_id: id,
    username,
    apikey: key.reveal(),
    proxy_url: `${publicUrl}/api/`,
    message: 'Use apikey in header: apikey: <key>',
    active,
  };
}
