import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { MEDIA_STORE, type MediaStore } from './media-store.js';

/** Node gives a request five minutes, so what is older than this belongs to nobody. */
const UNFINISHED_MS = 60 * 60_000;
const EVERY_MS = 30 * 60_000;

/** Takes away what uploads that were cut off by a crash have left, at start and again on a timer. */
@Injectable()
export class StoreUpkeep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(StoreUpkeep.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(MEDIA_STORE) private readonly store: MediaStore) {}

  onApplicationBootstrap(): void {
    void this.tidy();
    this.timer = setInterval(() => void this.tidy(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async tidy(): Promise<void> {
    try {
      const count = await this.store.tidy(new Date(Date.now() - UNFINISHED_MS));
      if (count > 0) this.logger.log(`removed ${count} unfinished uploads`);
    } catch (error) {
      this.logger.warn(`unfinished uploads stay for now: ${String((error as Error).cause ?? error)}`);
    }
  }
}
