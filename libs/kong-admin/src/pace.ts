/** What a node with two cores takes without dropping its own events (kong-facts section 10). */
const WIDEST = 16;
const FIRST_WIDTH = 8;
const MOST_PER_SECOND = 700;
/** A write that takes longer tells of a queue: usual are 3 to 25 ms. */
const SLOW_MS = 250;
/** What was under way together fails or is slow together: it counts once. */
const COUNTS_ONCE_MS = 500;

/**
 * How fast Kong is written to: some writes at a time, and so many a second at most. One more at a time while Kong keeps up,
 * half as many when it is slow or fails, for it answers 2xx and then loses its own events when it is written to too fast.
 */
export class Pace {
  private width = FIRST_WIDTH;
  private inFlight = 0;
  private streak = 0;
  private slowedAt = -Infinity;
  private nextAt = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Writes that may be under way together at the moment. */
  get limit(): number {
    return this.width;
  }

  async run<T>(write: () => Promise<T>): Promise<T> {
    await this.enter();
    const began = this.now();
    try {
      const result = await write();
      this.heed(this.now() - began <= SLOW_MS);
      return result;
    } catch (error) {
      this.heed(false);
      throw error;
    } finally {
      this.inFlight -= 1;
      this.waiting.shift()?.();
    }
  }

  private async enter(): Promise<void> {
    while (this.inFlight >= this.width) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.inFlight += 1;
    const at = Math.max(this.now(), this.nextAt);
    this.nextAt = at + 1000 / MOST_PER_SECOND;
    const delayMs = at - this.now();
    // Timers are a millisecond wide: shorter waits add up until they are worth one.
    if (delayMs >= 1) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  private heed(keptUp: boolean): void {
    if (!keptUp) {
      this.streak = 0;
      if (this.now() - this.slowedAt < COUNTS_ONCE_MS) return;
      this.slowedAt = this.now();
      this.width = Math.max(1, Math.floor(this.width / 2));
    } else if (++this.streak >= this.width) {
      this.streak = 0;
      this.width = Math.min(WIDEST, this.width + 1);
      this.waiting.shift()?.();
    }
  }
}
