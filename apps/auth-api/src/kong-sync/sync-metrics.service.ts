import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import type { Backlog } from '../consumers/index.js';
import { KongRefused, KongUnreachable } from '#kong-admin';
import { registry } from '#telemetry';

const pending = new Gauge({
  name: 'kong_sync_pending',
  help: 'Consumers that Kong does not have yet as they should be, or has although they should be gone.',
  registers: [registry],
});
const lag = new Gauge({
  name: 'kong_sync_lag_seconds',
  help: 'Since when the oldest change waits for Kong to have it; 0 when none does.',
  registers: [registry],
});
const inSync = new Gauge({
  name: 'kong_sync_in_sync',
  help: '1 while Kong is what it should be; 0 while something waits, is blocked or held, or Kong does not answer.',
  registers: [registry],
});
const blocked = new Gauge({
  name: 'kong_sync_blocked',
  help: 'What could not be made as it should be at the last comparison, 100 at most; GET /kong/status says why.',
  registers: [registry],
});
inSync.set(NaN); // unknown until the first look, and for good where there is no gateway
const writes = new Counter({
  name: 'kong_sync_writes_total',
  help: 'Writes to Kong that succeeded, by operation and kind of entity.',
  labelNames: ['operation', 'kind'] as const,
  registers: [registry],
});
const errors = new Counter({
  name: 'kong_sync_errors_total',
  help: 'Requests to Kong that were refused or not answered, by operation and kind of entity.',
  labelNames: ['operation', 'kind'] as const,
  registers: [registry],
});
const drift = new Counter({
  name: 'kong_sync_drift_total',
  help: 'Differences found in Kong that no change of ours explains.',
  registers: [registry],
});

/** What operators see of kong-sync. */
@Injectable()
export class SyncMetrics {
  backlog({ waiting, oldestSeconds }: Backlog): void {
    pending.set(waiting);
    lag.set(oldestSeconds);
  }

  blocked(count: number): void {
    blocked.set(count);
  }

  whole(isWhole: boolean): void {
    inSync.set(Number(isWhole));
  }

  wrote(operation: string, kind: string): void {
    writes.inc({ operation, kind });
  }

  drifted(differences: number): void {
    drift.inc(differences);
  }

  failed(error: unknown): void {
    if (!(error instanceof KongRefused) && !(error instanceof KongUnreachable)) return;
    // `put-consumers consumer demo-1a2b`: the rest is of no use as a label.
    const [verb = 'ask', kind = 'node'] = /^([a-z]+)-?([a-z0-9-]*)/.exec(error.operation)?.slice(1) ?? [];
    errors.inc({ operation: verb, kind: kind || 'node' });
  }
}
