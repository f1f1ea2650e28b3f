import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { UnsupportedMediaType } from '#problem';

/** Where a body of any kind is taken. */
const UPLOADS = '/media';

/** Hands bodies on as they arrive, after the guard has let the caller in; only uploads have any. */
export function streamUploads(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (request, body, done) => {
    done(request.routeOptions.url === UPLOADS ? null : UnsupportedMediaType(), body);
  });
  void server.register(multipart);
}
