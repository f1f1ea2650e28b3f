import { Counter, Histogram } from 'prom-client';
import { Problem } from '#problem';
import { registry } from '#telemetry';

const requests = new Counter({
  name: 'llm_requests_total',
  help: 'Chats passed to a provider, by how they ended.',
  labelNames: ['provider', 'outcome'] as const,
  registers: [registry],
});

const firstByte = new Histogram({
  name: 'llm_first_byte_seconds',
  help: 'Time until a provider began its answer.',
  labelNames: ['provider'] as const,
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  registers: [registry],
});

/** Follows one chat: when its answer began, and how it ended. */
export class ChatMeasure {
  private readonly startedAt = performance.now();

  constructor(private readonly provider: string) {}

  begun(): void {
    firstByte.observe({ provider: this.provider }, (performance.now() - this.startedAt) / 1000);
  }

  /** @param failure undefined: it was answered to the end. The label is the name of a problem: a fixed list */
  ended(failure?: unknown): void {
    const name = failure instanceof Problem ? failure.type.split('/')[1] : 'internal';
    requests.inc({ provider: this.provider, outcome: failure === undefined ? 'answered' : name });
  }
}
