/** One thing auth-api asks of a part of the stack: a statement, a transaction's end, a request. */
export interface Step {
  readonly to: 'postgres' | 'keycloak';
  /** Purpose of the connection (`requests`, `locks`, `jobs`, `changes`); undefined for Keycloak. */
  readonly connection: string | undefined;
  /** SQL, or method and path. */
  readonly what: string;
}

/** Stands between auth-api and a part of the stack, and decides about every step. May take its time. */
export interface Gate {
  /** Before a step is sent on; false drops it. */
  before(step: Step): Promise<boolean>;
  /** When the step is done, before auth-api hears of it; false keeps the answer. */
  after(step: Step): Promise<boolean>;
  /** Its end will never be seen: a connection closed. */
  lost(step: Step): void;
}

/** Lets everything pass. */
export const openGate: Gate = {
  before: () => Promise.resolve(true),
  after: () => Promise.resolve(true),
  lost: () => undefined,
};

/** Lets everything pass, except that a test may hold some steps. */
export class HoldingGate implements Gate {
  private readonly held: (() => void)[] = [];
  private isHeld: (step: Step, when: 'before' | 'after') => boolean = () => false;

  /** How many steps wait here. */
  get waiting(): number {
    return this.held.length;
  }

  hold(isHeld: (step: Step, when: 'before' | 'after') => boolean): void {
    this.isHeld = isHeld;
  }

  /** Lets go of all that wait, and of all that come. */
  release(): void {
    this.isHeld = () => false;
    for (const goOn of this.held.splice(0)) goOn();
  }

  before(step: Step): Promise<boolean> {
    return this.pass(step, 'before');
  }

  after(step: Step): Promise<boolean> {
    return this.pass(step, 'after');
  }

  lost(): void {
    // What is held is the test's to release.
  }

  private async pass(step: Step, when: 'before' | 'after'): Promise<boolean> {
    if (this.isHeld(step, when)) await new Promise<void>((resolve) => this.held.push(resolve));
    return true;
  }
}
