import { Busy } from './storage.problems.js';

/** More than this many waiting for one name is an attack or a bug, and is refused at once. */
const LONGEST_QUEUE = 64;

/**
 * Work of one name, one after another in this process, so that those who wait for a name hold nothing that others need.
 */
export class NamedQueue {
  private readonly tails = new Map<string, { last: Promise<unknown>; length: number }>();

  /** @throws {Problem} Busy when the turn did not come within `waitMs`; `work` is told how much of it is left */
  async run<T>(
    name: string,
    { what, waitMs }: { what: string; waitMs: number },
    work: (leftMs: number) => Promise<T>,
  ): Promise<T> {
    const queue = this.tails.get(name) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length >= LONGEST_QUEUE) throw Busy({ what });
    this.tails.set(name, queue);
    queue.length++;
    const deadline = performance.now() + waitMs;
    const turn = this.wait(queue.last, waitMs, what);
    const result = turn.then(() => work(Math.max(1, deadline - performance.now())));
    queue.last = Promise.allSettled([queue.last, result]).then(() => {
      if (--queue.length === 0) this.tails.delete(name);
    });
    return result;
  }

  private async wait(before: Promise<unknown>, waitMs: number, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Busy({ what })), waitMs);
    });
    try {
      await Promise.race([before, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
