import type { KeyObject } from 'node:crypto';
import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { fetchJwks, type KeySet } from './jwks.js';
import { jwksAge } from './metrics.js';
import { KeysUnavailable } from './principal.problems.js';

const TICK_MS = 1000;
/** Half of the promised maximum age of 60 s, so that a key taken out of the realm is out here in time. */
const REFRESH_AFTER_MS = 30_000;
/** At most one read in so long for kids we do not have, forged ones among them. Keycloak answers it from memory. */
const UNKNOWN_KID_WINDOW_MS = 1000;
/** Whether Keycloak answers is asked at most once in so long, and believed to be no after so long. */
const PROBE_MS = 1000;
/** More requests than this waiting for the window are a flood. */
const MOST_WAITING = 1000;

export interface RealmKeysStatus {
  readonly loaded: boolean;
  readonly ageMs: number | undefined;
  readonly kids: readonly string[];
}

/**
 * The realm's signing keys, read again every half minute and when a token names a kid we do not have. While Keycloak does
 * not answer, the last known keys go on being used.
 */
export class RealmKeys implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(RealmKeys.name);
  private keys: KeySet = new Map();
  private loadedAt: number | undefined;
  private unknownKidAt = -Infinity;
  private underWay: Promise<boolean> | undefined;
  private nextRead: Promise<boolean> | undefined;
  private waiting = 0;
  private failing = false;
  private timer: NodeJS.Timeout | undefined;
  private probe: { readonly at: number; readonly answer: Promise<boolean> } | undefined;

  constructor(
    private readonly url: string,
    private readonly now: () => number = () => performance.now(),
    private readonly read: (url: string) => Promise<KeySet> = fetchJwks,
  ) {}

  /** Does not wait: a service starts without Keycloak, and answers 503 to tokens until the keys are there. */
  onModuleInit(): void {
    this.tick();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * The key of this kid; undefined when the realm has none, as read after the kid was asked for. So a new key is accepted
   * from its first token on, also while forged kids come in: they share one read a second, and who comes too early for
   * the next one waits for it. Nobody is told that a kid is unknown by somebody who could not look.
   *
   * @throws {Problem} KeysUnavailable: the realm does not answer, or very many wait
   */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.keys.get(kid);
    if (known !== undefined) return known;
    // The read under way may have been answered before this key was made: then one more is due.
    let isCurrent = await this.underWay;
    if (isCurrent !== false && !this.keys.has(kid)) isCurrent = await this.readForUnknownKid();
    const key = this.keys.get(kid);
    if (key === undefined && isCurrent !== true) throw KeysUnavailable();
    return key;
  }

  /** Reads the keys now, or joins the read under way. False when that failed: the keys stay as they were. */
  refresh(): Promise<boolean> {
    this.underWay ??= this.load().finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  /** Whether Keycloak answers now, as far as a read of the keys tells: for probes, which may ask as often as they like. */
  realmAnswers(): Promise<boolean> {
    if (this.probe === undefined || this.now() - this.probe.at > PROBE_MS) {
      const tooLate = sleep(PROBE_MS).then(() => false);
      this.probe = { at: this.now(), answer: Promise.race([this.refresh(), tooLate]) };
    }
    return this.probe.answer;
  }

  status(): RealmKeysStatus {
    const ageMs = this.loadedAt === undefined ? undefined : this.now() - this.loadedAt;
    return { loaded: this.loadedAt !== undefined, ageMs, kids: [...this.keys.keys()] };
  }

  /** Whether the keys were read, from a moment on that is no earlier than this. */
  private async readForUnknownKid(): Promise<boolean> {
    if (this.underWay !== undefined) return this.underWay;
    const waitMs = this.unknownKidAt + UNKNOWN_KID_WINDOW_MS - this.now();
    if (waitMs <= 0) return this.openWindow();
    if (this.failing || this.waiting >= MOST_WAITING) return false;
    this.waiting++;
    this.nextRead ??= sleep(waitMs).then(() => this.openWindow());
    return this.nextRead.finally(() => this.waiting--);
  }

  private openWindow(): Promise<boolean> {
    this.nextRead = undefined;
    this.unknownKidAt = this.now();
    return this.refresh();
  }

  private tick(): void {
    const { ageMs = Infinity } = this.status();
    jwksAge.set(ageMs / 1000);
    if (ageMs >= REFRESH_AFTER_MS) void this.refresh();
  }

  private async load(): Promise<boolean> {
    const startedAt = this.now();
    try {
      this.keys = await this.read(this.url);
      this.loadedAt = startedAt;
      if (this.failing) this.logger.log('realm keys can be read again');
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn(`realm keys cannot be read: ${String(error)}`);
      this.failing = true;
    }
    return !this.failing;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
