/** Beyond some 20 a Kong with two cores gets no faster (kong-facts section 10). */
const WIDEST = 16;
const FIRST_WIDTH = 8;
/**
 * Kong's worker keeps an event for each write and two more once it has taken that up; those beyond 51,200 it drops
 * (`dao:crud` and `crud`, kong/runloop/events.lua). So 25,600 writes that it has not digested may be too many.
 */
const MOST_UNDIGESTED = 20_000;
/** 10,000 writes keep a worker busy for 30 to 60 s beyond their end (kong-facts section 10). */
const DIGESTED_PER_SECOND = 200;
/** A write that takes longer tells of a queue: usual are 3 to 25 ms. */
const SLOW_MS = 250;
/** What was under way together fails or is slow together: it counts once. */
const COUNTS_ONCE_MS = 500;

interface Turn {
  /** That it leaves Kong with: none for a read, one for a write, more where something falls with it. */
  readonly events?: number;
  /** Goes before everything that waits. */
  readonly isUrgent?: boolean;
}

/**
 * How fast Kong is written to: one more at a time while it keeps up, half as many when it is slow or fails. It answers 2xx
 * long before it has digested a write and loses its own events when those are too many, so after a great many it is given
 * the time for each that it needs.
 */
export class Pace {
  private width = FIRST_WIDTH;
  private inFlight = 0;
  private streak = 0;
  private slowedAt = -Infinity;
  private undigested = 0;
  private countedAt = -Infinity;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Writes that may be under way together at the moment. */
  get limit(): number {
    return this.width;
  }

  async run<T>(work: () => Promise<T>, { events = 1, isUrgent = false }: Turn = {}): Promise<T> {
    await this.enter(isUrgent);
    try {
      await this.digested(events);
      const began = this.now();
      const result = await work();
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

  private async enter(isUrgent: boolean): Promise<void> {
    while (this.inFlight >= this.width)
      await new Promise<void>((resolve) => {
        if (isUrgent) this.waiting.unshift(resolve);
        else this.waiting.push(resolve);
      });
    this.inFlight += 1;
  }

  private async digested(events: number): Promise<void> {
    if (events === 0) return;
    const now = this.now();
    const sinceMs = now - this.countedAt;
    this.undigested = Math.max(0, this.undigested - (sinceMs / 1000) * DIGESTED_PER_SECOND) + events;
    this.countedAt = now;
    const delayMs = ((this.undigested - MOST_UNDIGESTED) / DIGESTED_PER_SECOND) * 1000;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
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
