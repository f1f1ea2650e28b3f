import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DesiredConsumer } from '../consumers/index.js';
import type { Plan } from '#kong-admin';
import { LOGGER } from '#telemetry';

export type Blocked = Plan['blocked'][number];

/** Consumers of whom Kong can not be told everything, because CREDENTIAL_KEY was replaced without its predecessor, or a row was damaged. */
@Injectable()
export class UnopenedCredentials {
  private told = '[]';

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Said once, and again when it is about others. @param consequence for the client, in words */
  tell(consumers: readonly DesiredConsumer[], consequence: string): void {
    const credentials = consumers.flatMap(({ unopened }) => unopened);
    const now = JSON.stringify(credentials);
    if (now === this.told) return;
    this.told = now;
    if (credentials.length === 0) this.logger.info('every credential can be opened again');
    else
      this.logger.error(
        { consumers: consumers.map(({ id }) => id), credentials },
        `credentials that no CREDENTIAL_KEY opens: ${consequence}`,
      );
  }
}

/** As a plan says what it can not do. */
export function blockedOf(consumers: readonly DesiredConsumer[], consequence: string): Blocked[] {
  return consumers.map(({ id, username, unopened }) => ({
    kind: 'consumers',
    id,
    subject: `consumer ${username}`,
    why: `no CREDENTIAL_KEY opens its credential ${unopened.join(', ')}: ${consequence}`,
  }));
}
