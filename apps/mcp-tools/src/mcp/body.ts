import type { FastifyInstance } from 'fastify';
import type { Readable } from 'node:stream';

/** Far more than any message of a client has: what a chat is told, and attachments are no part of it. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Hands bodies of any kind on unread: faults of theirs are said as JSON-RPC, and only to whom the guard lets in. */
export function streamMessages(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, body, done) => done(null, body));
}

/** The whole text; undefined when it is too long, of which no more is kept then. */
export async function textOf(body: unknown): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of (body ?? []) as Readable | []) {
    length += (piece as Buffer).length;
    if (length <= MAX_MESSAGE_BYTES) pieces.push(piece as Buffer);
    else pieces.length = 0;
  }
  return length > MAX_MESSAGE_BYTES ? undefined : Buffer.concat(pieces).toString('utf8');
}
