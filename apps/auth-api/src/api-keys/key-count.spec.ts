import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from 'pino';
import type { Database } from '#storage';
import { registry } from '#telemetry';
import type { ApiKeysRepository } from './api-keys.repository.js';
import { KeyCount } from './key-count.service.js';

const MINUTES = 3;

describe('the number of API keys in use', () => {
  const countInUse = jest.fn<ApiKeysRepository['countInUse']>();
  const database = { whenReady: Promise.resolve(), isReady: true } as Database;
  const logger = { debug: jest.fn() } as unknown as Logger;
  let counting: KeyCount;

  beforeEach(() => {
    jest.useFakeTimers();
    countInUse.mockReset().mockResolvedValue({ usable: 7, used: 3 });
    counting = new KeyCount({ countInUse } as unknown as ApiKeysRepository, database, logger);
  });
  afterEach(() => {
    counting.onApplicationShutdown();
    jest.useRealTimers();
  });

  it('costs one statement a minute, however often the metrics are read', async () => {
    counting.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(MINUTES * 60_000);
    for (let i = 0; i < 50; i += 1) await registry.metrics();
    expect(countInUse).toHaveBeenCalledTimes(1 + MINUTES);
    expect(await registry.metrics()).toMatch(/^api_keys_active 7\n(.*\n)*api_keys_used_last_day 3$/m);
  });

  it('stays what it was while it cannot be counted', async () => {
    counting.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(0);
    countInUse.mockRejectedValue(new Error('away'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await registry.metrics()).toContain('api_keys_active 7');
  });
});
