import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { Database } from '#storage';
import { LOGGER, registry } from '#telemetry';
import { ApiKeysRepository } from './api-keys.repository.js';

/** One statement a minute and process, however often somebody reads the metrics: it reads all keys. */
const COUNT_EVERY_MS = 60_000;

const registers = [registry];
const usable = new Gauge({
  name: 'api_keys_active',
  help: 'API keys that are neither revoked nor expired, as counted within the last minute.',
  registers,
});
const used = new Gauge({
  name: 'api_keys_used_last_day',
  help: 'Active API keys that were used within 24 hours, as counted within the last minute.',
  registers,
});

/** How many API keys there are and how many are in use, for operators. Every process says the same: take the largest. */
@Injectable()
export class KeyCount implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.database.whenReady.then(() => this.count());
    this.timer = setInterval(() => void this.count(), COUNT_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async count(): Promise<void> {
    if (!this.database.isReady) return;
    try {
      const counted = await this.keys.countInUse();
      usable.set(counted.usable);
      used.set(counted.used);
    } catch (error) {
      this.logger.debug({ err: error }, 'keys in use not counted');
    }
  }
}
