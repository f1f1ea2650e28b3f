import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '#telemetry';
import { PacedWriter } from './paced-writer.service.js';
import { SyncStateRepository } from './sync-state.repository.js';

const EVERY_MS = 2000;

export interface Progress {
  add(count: number, total?: number): void;
  end(): void;
}

/** Of much at once something is heard every few seconds: in the log and in /kong/status. */
@Injectable()
export class SyncProgress {
  constructor(
    private readonly writer: PacedWriter,
    private readonly state: SyncStateRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  of(what: string): Progress {
    const began = performance.now();
    let [done, told] = [0, began];
    return {
      add: (count, total) => {
        done += count;
        if (performance.now() - told < EVERY_MS) return;
        told = performance.now();
        this.logger.info({ what, done, total, in_flight: this.writer.limit }, 'Kong is being synchronised');
        this.state
          .progress(done, total)
          .catch((error: unknown) => this.logger.debug({ err: error }, 'progress not noted'));
      },
      end: () => {
        if (done === 0) return;
        const tookMs = Math.round(performance.now() - began);
        this.logger.info({ what, done, took_ms: tookMs }, 'Kong synchronised');
      },
    };
  }
}
