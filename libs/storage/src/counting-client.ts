import type { Logger } from 'pino';
import pg from 'pg';
import { Counter } from 'prom-client';
import { registry } from '#telemetry';
import { tracedStatement } from './traced-statement.js';

const statements = new Counter({
  name: 'storage_statements_total',
  help: 'SQL statements sent to PostgreSQL by this process, by the connection they went over.',
  labelNames: ['connection'] as const,
  registers: [registry],
});

/**
 * A pg client that counts what it sends, and survives the loss of its connection while it is in use: a pool listens for
 * errors of idle clients alone, and an error that nobody listens for ends the process. Whoever uses the client is told by
 * his statement's failure. One that did not answer in time is ended: whoever let it back into its pool would have the next
 * one wait in vain as well.
 */
export function countingClient(connection: string, logger: Logger): typeof pg.Client {
  const counter = statements.labels(connection);
  return class CountingClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      this.on('error', (error) => logger.debug({ err: error, connection }, 'database connection lost'));
    }

    // pg's query has many overloads; all of them pass through unchanged.
    override query = ((...input: Parameters<pg.Client['query']>) => {
      counter.inc();
      const answer = tracedStatement(input, (statement) =>
        pg.Client.prototype.query.apply(this, statement as Parameters<pg.Client['query']>),
      );
      if (answer instanceof Promise) answer.catch((error: unknown) => this.endIfSilent(error));
      return answer;
    }) as unknown as pg.Client['query'];

    private endIfSilent(error: unknown): void {
      if ((error as Error).message === 'Query read timeout') this.connection.stream.destroy();
    }
  };
}
