import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database, Jobs } from '#storage';
import { LOGGER } from '#telemetry';
import { CONSUMERS_OPTIONS, type ConsumersOptions } from './consumers.options.js';
import { Seal, Unsealable } from './sealing.js';

const RESEAL = 'consumers.reseal-credentials';
const PAGE = 500;

const READ = {
  name: 'read-sealed',
  text: 'SELECT id, sealed FROM consumer_credentials WHERE id > $1 ORDER BY id LIMIT $2',
};
/** Not where somebody has replaced it meanwhile: what he wrote is sealed with the present key. */
const WRITE = {
  name: 'reseal',
  text: `
    UPDATE consumer_credentials c SET sealed = given.sealed
    FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS given (id, before, sealed)
    WHERE c.id = given.id AND c.sealed = given.before`,
};

interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

/**
 * Where CREDENTIAL_KEY has a predecessor, encrypts anew what that one had encrypted, once, in the background; the log says when
 * the predecessor is no longer needed. What is written meanwhile is sealed with the present key anyway.
 */
@Injectable()
export class CredentialResealing implements OnApplicationBootstrap {
  private readonly seal: Seal;
  private readonly isWanted: boolean;
  private isDone = false;

  constructor(
    @Inject(CONSUMERS_OPTIONS) { credentialKeys }: ConsumersOptions,
    private readonly database: Database,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.seal = new Seal(credentialKeys);
    this.isWanted = credentialKeys.length > 1;
    // Also where there is nothing to do: a job of another process must find somebody who knows it.
    jobs.define(RESEAL, () => this.resealAll(), { cron: '* * * * *' });
  }

  onApplicationBootstrap(): void {
    void this.database.whenReady
      .then(() => this.resealAll())
      .catch((error: unknown) =>
        this.logger.warn({ err: error }, 'credentials are not sealed anew yet, a job goes on'),
      );
  }

  private async resealAll(): Promise<void> {
    if (!this.isWanted || this.isDone) return;
    const [renewed, unsealable] = [[], []] as [string[], string[]];
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const rows = await this.database.run<SealedRow>(READ, [after, PAGE]);
      renewed.push(...(await this.resealPage(rows, unsealable)));
      if (rows.length < PAGE) break;
      after = rows.at(-1)?.id ?? after;
    }
    this.isDone = true;
    if (unsealable.length > 0)
      this.logger.error(
        { credentials: unsealable },
        'credentials that no key opens: their clients need new ones',
      );
    this.logger.info({ renewed: renewed.length }, 'credentials are sealed with the current key');
  }

  private async resealPage(rows: readonly SealedRow[], unsealable: string[]): Promise<string[]> {
    const changes = rows.flatMap(({ id, sealed }) => {
      const renewed = this.renew(id, sealed, unsealable);
      return renewed === undefined ? [] : [{ id, sealed, renewed }];
    });
    if (changes.length > 0)
      await this.database.run(WRITE, [
        changes.map(({ id }) => id),
        changes.map(({ sealed }) => sealed),
        changes.map(({ renewed }) => renewed),
      ]);
    return changes.map(({ id }) => id);
  }

  private renew(id: string, sealed: Buffer, unsealable: string[]): Buffer | undefined {
    try {
      return this.seal.renew(sealed, id);
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      unsealable.push(id);
      return undefined;
    }
  }
}
