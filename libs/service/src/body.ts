import type { FastifyInstance } from 'fastify';
import { MalformedRequest, ValidationFailed } from '#problem';
import { oddName } from './names.js';

/**
 * Reads JSON objects and nothing else: no forms, which another site could post without asking (CSRF). An empty body
 * counts as none, since many clients send Content-Type: application/json with nothing to say.
 */
export function readJsonObjects(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseObject(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** @throws {Problem} MalformedRequest: not JSON, or no object; ValidationFailed naming a field that cannot be one */
export function parseObject(text: string): object {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw MalformedRequest({ reason: 'The body must be a JSON object.' });
  const odd = oddName(text);
  if (odd !== undefined) throw ValidationFailed({ errors: [odd] });
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw MalformedRequest({ reason: 'The body is not valid JSON.' }, { cause });
  }
}
