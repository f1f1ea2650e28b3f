import { describe, expect, it } from '@jest/globals';
import { NamedQueue } from './named-queue.js';
import { Busy } from './storage.problems.js';

const turn = { what: 'this', waitMs: 2000 };

function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('work of one name', () => {
  it('runs one after another, in order', async () => {
    const queue = new NamedQueue();
    const seen: string[] = [];
    await Promise.all(
      [1, 2, 3].map((n) =>
        queue.run('a', turn, async () => {
          seen.push(`begin ${n}`);
          await Promise.resolve();
          seen.push(`end ${n}`);
        }),
      ),
    );
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  it('does not wait for another name', async () => {
    const queue = new NamedQueue();
    const { open, opened } = gate();
    const slow = queue.run('a', turn, () => opened);
    expect(await queue.run('b', turn, () => Promise.resolve('done'))).toBe('done');
    open();
    await slow;
  });

  it('goes on after work that threw', async () => {
    const queue = new NamedQueue();
    await expect(queue.run('a', turn, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await queue.run('a', turn, () => Promise.resolve(1))).toBe(1);
  });

  it('is given up as busy when its turn does not come, and is then not done at all', async () => {
    const queue = new NamedQueue();
    const { open, opened } = gate();
    const slow = queue.run('a', turn, () => opened);
    let done = false;
    const late = queue.run('a', { what: 'this', waitMs: 5 }, () => Promise.resolve((done = true)));
    await late.catch((error: unknown) => expect(Busy.is(error)).toBe(true));
    open();
    await slow;
    await queue.run('a', turn, () => Promise.resolve());
    expect(done).toBe(false);
  });

  it('is refused at once when very many wait', async () => {
    const queue = new NamedQueue();
    const { open, opened } = gate();
    const waiting = Array.from({ length: 64 }, () => queue.run('a', turn, () => opened));
    await queue.run('a', turn, () => opened).catch((error: unknown) => expect(Busy.is(error)).toBe(true));
    open();
    await Promise.all(waiting);
    expect.assertions(1);
  });
});
