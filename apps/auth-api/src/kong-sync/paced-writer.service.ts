import { Injectable } from '@nestjs/common';
import { type KongAdmin, type KongWriter, Pace } from '#kong-admin';
import { SyncMetrics } from './sync-metrics.service.js';

/** Everything that the synchronisation asks of Kong by consumer goes through here, so fast as Kong keeps up with. */
@Injectable()
export class PacedWriter {
  private readonly pace = new Pace();

  constructor(private readonly metrics: SyncMetrics) {}

  /** Requests that may be under way together at the moment. */
  get limit(): number {
    return this.pace.limit;
  }

  read<T>(ask: () => Promise<T>, isUrgent = false): Promise<T> {
    return this.pace.run(ask, { events: 0, isUrgent });
  }

  /**
   * Writes to one node, counted.
   *
   * @param isUrgent goes before everything that waits for its turn
   */
  to(admin: KongAdmin, isUrgent = false): KongWriter {
    const counted = async (operation: string, kind: string, write: () => Promise<void>, events = 1) => {
      try {
        await this.pace.run(write, { events, isUrgent });
        this.metrics.wrote(operation, kind);
      } catch (error) {
        this.metrics.failed(error);
        throw error;
      }
    };
    return {
      put: (item, subject) => counted('put', item.kind, () => admin.put(item, subject)),
      // With a consumer goes what belongs to it, most often a key.
      remove: (kind, id, subject) => counted('delete', kind, () => admin.remove(kind, id, subject), 2),
    };
  }
}
