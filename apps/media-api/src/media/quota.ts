import type { Usage } from '../store/index.js';
import { QuotaReached } from './media.problems.js';

/** How much one principal may keep. */
export interface QuotaLimits {
  readonly maxObjects: number;
  readonly maxBytes: number;
}

/** Of an owner with uploads under way. */
interface Account {
  readonly stored: Promise<Usage>;
  uploads: number;
  /** Of uploads under way, and of those that were stored since `stored` was asked for. */
  objects: number;
  bytes: number;
}

/**
 * Holds a principal to his quota, also when he sends many files at once: what is under way counts as if it were stored.
 * Deletions count when no upload is under way any more. Several processes count apart, so that n of them may let through
 * as many uploads too many as run in them at one moment.
 */
export class Quota {
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly usageOf: (owner: string) => Promise<Usage>) {}

  /**
   * Makes room for one more object; `end` must be called on what is returned.
   *
   * @param announced its length, as far as it is known
   * @throws {Problem} QuotaReached
   */
  async begin(owner: string, limits: QuotaLimits, announced = 0): Promise<Reservation> {
    const account = this.accounts.get(owner) ?? {
      stored: this.usageOf(owner),
      uploads: 0,
      objects: 0,
      bytes: 0,
    };
    this.accounts.set(owner, account);
    account.uploads += 1;
    const ended = (): void => {
      account.uploads -= 1;
      if (account.uploads === 0) this.accounts.delete(owner);
    };
    try {
      const reservation = new Reservation(account, await account.stored, limits, ended);
      reservation.admit(announced);
      return reservation;
    } catch (error) {
      ended();
      throw error;
    }
  }
}

/** The room of one upload. */
export class Reservation {
  private bytes = 0;

  constructor(
    private readonly account: Account,
    private readonly stored: Usage,
    private readonly limits: QuotaLimits,
    private readonly ended: () => void,
  ) {}

  /** Counts the object, if it and so many bytes fit. @throws {Problem} QuotaReached */
  admit(announced: number): void {
    if (this.stored.objects + this.account.objects >= this.limits.maxObjects) throw QuotaReached(this.limits);
    this.assertFits(announced);
    this.account.objects += 1;
  }

  /** Counts bytes that have arrived. @throws {Problem} QuotaReached */
  take(bytes: number): void {
    this.assertFits(bytes);
    this.bytes += bytes;
    this.account.bytes += bytes;
  }

  end(outcome: 'stored' | 'dropped'): void {
    if (outcome === 'dropped') {
      this.account.objects -= 1;
      this.account.bytes -= this.bytes;
    }
    this.ended();
  }

  private assertFits(bytes: number): void {
    if (this.stored.bytes + this.account.bytes + bytes > this.limits.maxBytes)
      throw QuotaReached(this.limits);
  }
}
