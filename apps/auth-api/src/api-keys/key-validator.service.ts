import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { userChange } from '../users/index.js';
import { ChangeFeed, CoherentCache } from '#storage';
import { LOGGER, registry } from '#telemetry';
import { judge, type KnownKey, type Verdict } from './api-key.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { parseKey } from './key-format.js';

const CACHED_KEYS = 50_000;
const NOTE_USE_MS = 5000;

const verdicts = new Counter({
  name: 'api_key_validations_total',
  help: 'API keys validated, by outcome.',
  labelNames: ['outcome'] as const,
  registers: [registry],
});

/** The change that everything cached about a key depends on. */
export function keyChange(id: string): { kind: 'api-key'; id: string } {
  return { kind: 'api-key', id };
}

/** Says whether a key is good: from memory, or by one read; a wrong checksum costs neither. */
@Injectable()
export class KeyValidator implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly cache: CoherentCache<KnownKey>;
  private uses = new Map<string, Date>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: ApiKeysRepository,
    feed: ChangeFeed,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions,
  ) {
    this.cache = new CoherentCache<KnownKey>(feed, {
      max: CACHED_KEYS,
      dependsOn: ({ id, userId }) => [keyChange(id), userChange(userId)],
    });
  }

  /** @throws {Problem} StorageUnavailable: never a yes that was not read */
  async validate(text: string): Promise<Verdict> {
    const verdict = await this.judge(text);
    verdicts.inc({ outcome: verdict.valid ? 'valid' : verdict.reason });
    if (verdict.valid) this.noteUse(verdict.key.id, new Date());
    return verdict;
  }

  /** Remembers that a key was used, for the next batch; the latest use counts. */
  noteUse(keyId: string, at: Date): void {
    const known = this.uses.get(keyId);
    if (known === undefined || known < at) this.uses.set(keyId, at);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.noteUses(), NOTE_USE_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.noteUses();
  }

  private async judge(text: string): Promise<Verdict> {
    const parsed = parseKey(text, this.options.prefix);
    if (parsed.kind !== 'key') return { valid: false, reason: parsed.kind };
    const key = await this.cache.get(parsed.hash, () => this.keys.findByHash(parsed.hash));
    return key === undefined ? { valid: false, reason: 'unknown-key' } : judge(key, new Date());
  }

  /** Last uses are written in batches; after a crash those of the last seconds are missing, which is all they are for. */
  private async noteUses(): Promise<void> {
    if (this.uses.size === 0) return;
    const uses = this.uses;
    this.uses = new Map();
    try {
      await this.keys.noteUse(uses);
    } catch (error) {
      for (const [id, at] of uses) if (!this.uses.has(id)) this.uses.set(id, at);
      this.logger.warn({ err: error }, 'last uses of keys not written, kept for the next time');
    }
  }
}
