import { describe, expect, it } from '@jest/globals';
import { inLanes } from './lanes.js';

/** Batches of two of these, one after the other. */
function source(items: number[]) {
  return () => Promise.resolve(items.splice(0, 2));
}

describe('lanes', () => {
  it('do every batch once, and two of them at the same time while they are full', async () => {
    const done: number[] = [];
    let [running, most] = [0, 0];
    const work = async (batch: readonly number[]) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      done.push(...batch);
      running -= 1;
    };
    await inLanes({ next: source([1, 2, 3, 4, 5, 6, 7]), work, full: 2, lanes: 2 });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(2);
  });

  it('with less than a batch ask nothing while it is done', async () => {
    const order: string[] = [];
    const batches = [[1], []];
    const next = () => {
      order.push('next');
      return Promise.resolve(batches.shift() ?? []);
    };
    const work = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('done');
    };
    await inLanes({ next, work, full: 2, lanes: 2 });
    expect(order).toEqual(['next', 'done', 'next']);
  });

  it('after a failure begin nothing more, end what is under way, and throw it', async () => {
    const ended: number[] = [];
    const items = [1, 2, 3, 4, 5, 6, 7, 8];
    const work = async ([first = 0]: readonly number[]) => {
      if (first === 1) throw new Error('no Kong');
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      ended.push(first);
    };
    await expect(inLanes({ next: source(items), work, full: 2, lanes: 2 })).rejects.toThrow('no Kong');
    expect(ended.length).toBeLessThanOrEqual(1);
    expect(items.length).toBeGreaterThanOrEqual(4);
  });

  it('throw what asking for the next batch throws', async () => {
    const next = () => Promise.reject(new Error('no database'));
    await expect(inLanes({ next, work: () => Promise.resolve(), full: 2, lanes: 2 })).rejects.toThrow(
      'no database',
    );
  });
});
