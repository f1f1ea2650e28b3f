import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';

/** Writes whose ends the test decides, and a clock that stands still. */
function bench() {
  let now = 0;
  const pace = new Pace(() => now);
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const settled: Promise<unknown>[] = [];
  const write = () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  const start = (count: number) => {
    for (let n = 0; n < count; n++) settled.push(pace.run(write).catch(() => undefined));
  };
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  return { pace, ends, start, tick, pass: (ms: number) => (now += ms), settled };
}

describe('the pace of writes', () => {
  it('keeps some under way and no more', async () => {
    const { ends, start, tick, pace, pass } = bench();
    pass(10_000);
    start(1);
    for (let n = 0; n < 40; n++) {
      pass(2);
      start(1);
      await tick();
    }
    expect(ends).toHaveLength(pace.limit);
  });

  it('is faster while Kong keeps up, and half as fast when it does not, once for what failed together', async () => {
    const { ends, start, tick, pace, pass, settled } = bench();
    const before = pace.limit;
    for (let n = 0; n < before; n++) {
      start(1);
      await tick();
      ends.shift()?.resolve();
      await tick();
      pass(5);
    }
    expect(pace.limit).toBe(before + 1);
    pass(1000);
    for (let n = 0; n < 4; n++) {
      start(1);
      await tick();
      pass(2);
    }
    for (const { reject } of ends.splice(0)) reject(new Error('503'));
    await Promise.all(settled);
    expect(pace.limit).toBe(Math.floor((before + 1) / 2));
  });

  it('halves for a slow answer too, and never below one at a time', async () => {
    const { ends, start, tick, pace, pass } = bench();
    for (let n = 0; n < 10; n++) {
      start(1);
      await tick();
      pass(1000);
      ends.shift()?.resolve();
      await tick();
    }
    expect(pace.limit).toBe(1);
  });

  it('gives Kong time after as many events as it may keep, but not to answer a read', async () => {
    const pace = new Pace(() => 0);
    const done = () => Promise.resolve();
    await pace.run(done, { events: 20_000 });
    let isWritten = false;
    const write = pace.run(done, { events: 20 }).then(() => (isWritten = true));
    await pace.run(done, { events: 0 });
    expect(isWritten).toBe(false);
    await write;
  });

  it('lets what is urgent go before what waits', async () => {
    const pace = new Pace();
    const begun: string[] = [];
    const turn = (name: string, isUrgent: boolean) =>
      pace.run(
        async () => {
          begun.push(name);
          await new Promise((resolve) => setImmediate(resolve));
        },
        { isUrgent },
      );
    const many = Array.from({ length: 50 }, (_, at) => turn(String(at), false));
    const urgent = turn('urgent', true);
    await Promise.all([...many, urgent]);
    expect(begun.indexOf('urgent')).toBeLessThan(10);
  });
});
