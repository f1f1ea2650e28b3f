import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { NotFound } from '#problem';
import { registry } from '#telemetry';

const INTERNAL = /^\/(metrics|internal)(?:[/?]|$)/;
const ON_BOTH = /^\/(healthz|readyz)(?:\?|$)/;

/**
 * A second port for what the gateway must never route: /metrics and /internal/*. Each path answers on its own port alone,
 * so that no mistake in a route's pattern can publish it.
 */
export class InternalPort {
  readonly server: Server;
  private port: number | undefined;

  constructor(instance: FastifyInstance) {
    this.server = createServer((request, response) => instance.routing(request, response));
    instance.addHook('onRequest', (request, _reply, done) => {
      const isInternal = INTERNAL.test(request.url);
      const viaInternal = this.port !== undefined && request.socket.localPort === this.port;
      const allowed = isInternal === viaInternal || (viaInternal && ON_BOTH.test(request.url));
      done(allowed ? undefined : NotFound());
    });
    instance.get('/metrics', async (_request, reply) => {
      return reply.header('content-type', registry.contentType).send(await registry.metrics());
    });
  }

  /** @returns the port, which differs from the wish when that was 0 @throws {Error} EADDRINUSE */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this.port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeIdleConnections();
    });
  }
}
