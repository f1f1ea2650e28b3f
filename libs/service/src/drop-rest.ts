import type { FastifyRequest } from 'fastify';

const LINGER_MS = 2000;

/**
 * Reads on without keeping anything, after a body was refused half way: a client that is still sending sees the answer
 * only if nobody closes the connection on it. One that does not come to an end soon is cut off.
 */
export function dropRest({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  raw.unpipe();
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), LINGER_MS).unref();
  raw.once('close', () => clearTimeout(timer));
}
