import type { Gate, Step } from './stepped-proxy.js';

/**
 * What becomes of a step while the gate is armed: the process may die there (`counts`) or not (`runs`), or the step is
 * kept back until the operation is over (`waits`). `passes` is what never rests, such as a heartbeat: nobody waits for it.
 */
export type Role = 'counts' | 'runs' | 'waits' | 'passes';

/** The point before anything of the operation has been sent on. */
export const BEGINNING = 'before the first step';

/** What differs each time the same is asked: ids, keys of locks, and how long is left to wait for one. */
const VARIES = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|-?\d{6,}|(?<=lock_timeout = )\d+/g;
const NAME_LENGTH = 160;

/**
 * Names the steps of one operation and kills the process at one of them: when that step is done and nobody has heard of
 * it, which leaves behind the same as dying before the next is sent. What else the process does on its own waits
 * meanwhile, so that the same name means the same step each time.
 */
export class CrashGate implements Gate {
  private readonly seen: string[] = [];
  private readonly names = new Map<Step, string>();
  private readonly underWay = new Set<Step>();
  private readonly held: ((passes: boolean) => void)[] = [];
  private armed: { readonly point: string | undefined; readonly kill: () => Promise<void> } | undefined;
  private dead = false;
  private lastStepAt = -Infinity;

  constructor(private readonly roleOf: (step: Step) => Role) {}

  /** Whether the process was killed since `arm`. */
  get fired(): boolean {
    return this.dead;
  }

  /** The steps since `arm`, by name. */
  get steps(): readonly string[] {
    return [...this.seen];
  }

  /** For how long the process has asked nothing and waited for nothing, in milliseconds. */
  get quietMs(): number {
    return this.underWay.size > 0 ? 0 : performance.now() - this.lastStepAt;
  }

  /** @param point BEGINNING, or the name of a step; undefined lets the operation run to its end */
  arm(point: string | undefined, kill: () => Promise<void>): void {
    this.armed = { point, kill };
    this.dead = false;
    this.seen.length = 0;
    this.names.clear();
  }

  disarm(): void {
    this.armed = undefined;
    this.letGo(!this.dead);
  }

  async before(step: Step): Promise<boolean> {
    const role = this.roleOf(step);
    if (role === 'passes') return true;
    if (this.armed === undefined) return this.begin(step);
    if (this.dead) return false;
    if (role === 'waits') return new Promise((resolve) => this.held.push(resolve));
    if (role === 'runs') return this.begin(step);
    this.name(step);
    return this.armed.point === BEGINNING ? this.die(this.armed.kill) : this.begin(step);
  }

  async after(step: Step): Promise<boolean> {
    if (this.underWay.delete(step)) this.lastStepAt = performance.now();
    const name = this.names.get(step);
    if (this.armed === undefined || name === undefined || name !== this.armed.point) return true;
    return this.die(this.armed.kill);
  }

  lost(step: Step): void {
    this.underWay.delete(step);
  }

  private begin(step: Step): true {
    this.underWay.add(step);
    return true;
  }

  /** The second time that the same is asked has a name of its own. */
  private name(step: Step): void {
    const what = step.what.replace(VARIES, '…').slice(0, NAME_LENGTH);
    const times = this.seen.filter((name) => name.startsWith(`${what} #`)).length;
    const name = `${what} #${times + 1}`;
    this.seen.push(name);
    this.names.set(step, name);
  }

  private async die(kill: () => Promise<void>): Promise<false> {
    this.dead = true;
    await kill();
    this.letGo(false);
    return false;
  }

  private letGo(passes: boolean): void {
    for (const goOn of this.held.splice(0)) goOn(passes);
  }
}
