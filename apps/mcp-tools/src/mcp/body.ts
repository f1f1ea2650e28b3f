import type { FastifyInstance } from 'fastify';
import type { Readable } from 'node:stream';
import { ClientGone } from '#service';

/** Far more than any message of a client has: what a chat is told, and attachments are no part of it. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Hands bodies of any kind on unread: faults of theirs are said as JSON-RPC, and only to whom the guard lets in. */
export function streamMessages(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, body, done) => done(null, body));
}

/**
 * The whole text; undefined when it is too long, and then what is left of it is unread.
 *
 * @throws {Problem} ClientGone: it breaks off
 */
export async function textOf(body: unknown): Promise<string | undefined> {
  if (body === undefined || body === null) return '';
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    // Destroying the request would take the connection away before it is answered.
    for await (const piece of (body as Readable).iterator({ destroyOnReturn: false })) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length > MAX_MESSAGE_BYTES) return undefined;
    }
  } catch (cause) {
    throw ClientGone(undefined, { cause });
  }
  return Buffer.concat(pieces).toString('utf8');
}
