import { describe, expect, it } from '@jest/globals';
import { QuotaReached } from './media.problems.js';
import { Quota } from './quota.js';

const LIMITS = { maxObjects: 3, maxBytes: 100 };

describe('a quota', () => {
  const stored = { objects: 1, bytes: 40 };
  const quota = () => new Quota(() => Promise.resolve(stored));
  const refused = async (begun: Promise<unknown>) =>
    QuotaReached.is(await begun.catch((error: unknown) => error));

  it('counts what is under way', async () => {
    const one = quota();
    await one.begin('ann', LIMITS);
    await one.begin('ann', LIMITS);
    expect(await refused(one.begin('ann', LIMITS))).toBe(true);
    expect(await refused(one.begin('ben', LIMITS))).toBe(false);
  });

  it('lets in as many as fit of those that come at once', async () => {
    const one = quota();
    const refusals = await Promise.all(Array.from({ length: 10 }, () => refused(one.begin('ann', LIMITS))));
    expect(refusals.filter((isRefused) => !isRefused)).toHaveLength(2);
  });

  it('counts bytes as they arrive, and those that are announced', async () => {
    const one = quota();
    const upload = await one.begin('ann', LIMITS);
    upload.take(50);
    expect(() => upload.take(11)).toThrow();
    expect(await refused(one.begin('ann', LIMITS, 11))).toBe(true);
    expect(await refused(one.begin('ann', LIMITS, 10))).toBe(false);
  });

  it('gives back what is dropped, and keeps what is stored as long as others are under way', async () => {
    const one = quota();
    const [kept, dropped] = [await one.begin('ann', LIMITS), await one.begin('ann', LIMITS)];
    kept.take(30);
    dropped.take(30);
    dropped.end('dropped');
    const third = await one.begin('ann', LIMITS, 30);
    kept.end('stored');
    expect(await refused(one.begin('ann', LIMITS))).toBe(true);
    third.end('dropped');
  });

  it('asks the store again when nothing was under way', async () => {
    let asked = 0;
    const one = new Quota(() => Promise.resolve({ objects: 0, bytes: asked++ }));
    for (let i = 0; i < 3; i++) (await one.begin('ann', LIMITS)).end('stored');
    expect(asked).toBe(3);
  });

  it('a store that fails refuses, and is asked again', async () => {
    let fails = true;
    const one = new Quota(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve(stored)));
    await expect(one.begin('ann', LIMITS)).rejects.toThrow('away');
    fails = false;
    expect(await refused(one.begin('ann', LIMITS))).toBe(false);
  });
});
