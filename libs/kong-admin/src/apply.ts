import { KongRefused } from './errors.js';
import type { Kind } from './kinds.js';
import type { Plan, Step } from './plan.js';
import { type Item, parentsOf } from './state.js';

/** What a plan needs of a node. Both may be repeated: a PUT by id, a DELETE by id. */
export interface KongWriter {
  put(item: Item, subject: string): Promise<void>;
  remove(kind: Kind, id: string, subject: string): Promise<void>;
}

export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  readonly level: string;
}

export interface ApplyOptions {
  /** Requests at the same time. More is faster until Kong drops its own events (kong-facts: 10,000 writes at once). */
  readonly parallel?: number;
  /** After a refusal do what does not depend on it, instead of stopping. */
  readonly carryOn?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops before the next step. */
  readonly signal?: AbortSignal;
}

/** A step that was not done, and why. What was done is not listed: planning again leaves the rest. */
export interface Failure {
  readonly step: Step;
  readonly error: Error;
}

/** A plan that was not done to its end. Plan again and apply: only the rest is done. */
export class ApplyStopped extends Error {
  constructor(
    readonly done: number,
    readonly total: number,
    readonly failures: readonly Failure[],
    reason: string,
  ) {
    super(`${done} of ${total} steps done: ${reason}`, { cause: failures[0]?.error });
    this.name = 'ApplyStopped';
  }
}

const PARALLEL = 10;

/**
 * Does what a plan says, level by level, some steps of a level at a time.
 *
 * @returns the steps that failed; none unless `carryOn`
 * @throws {ApplyStopped} Kong refused a step or does not answer, the plan is held, or the signal came
 */
export async function apply(
  plan: Plan,
  writer: KongWriter,
  options: ApplyOptions = {},
): Promise<readonly Failure[]> {
  return new Run(plan, writer, options).run();
}

class Run {
  private readonly failures: Failure[] = [];
  private readonly total: number;
  private done = 0;
  private reason: string | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly writer: KongWriter,
    private readonly options: ApplyOptions,
  ) {
    this.total = plan.levels.reduce((sum, { steps }) => sum + steps.length, 0);
    if (plan.held !== undefined) this.reason = `it waits for a person: ${plan.held}`;
  }

  async run(): Promise<readonly Failure[]> {
    for (const { name, steps } of this.plan.levels) {
      const rest = steps.values();
      const workers = Math.min(this.options.parallel ?? PARALLEL, steps.length);
      await Promise.all(Array.from({ length: workers }, () => this.work(rest, name)));
      const [first] = this.failures;
      if (first && this.options.carryOn !== true) this.reason ??= first.error.message;
    }
    if (this.reason !== undefined) throw new ApplyStopped(this.done, this.total, this.failures, this.reason);
    return this.failures;
  }

  /** Workers of a level share what is left of it. */
  private async work(rest: IterableIterator<Step>, level: string): Promise<void> {
    for (const step of rest) {
      if (this.options.signal?.aborted) this.reason ??= 'stopped';
      if (this.reason !== undefined) return;
      await this.attempt(step, level);
    }
  }

  private async attempt(step: Step, level: string): Promise<void> {
    try {
      this.refuseOrphan(step);
      if (step.written) await this.writer.put(step.written.reveal(), step.subject);
      else await this.writer.remove(step.kind, step.id, step.subject);
      this.done += 1;
    } catch (error) {
      this.failures.push({ step, error: error as Error });
      if (!(error instanceof KongRefused) && !(error instanceof DependencyFailed))
        this.reason ??= (error as Error).message;
    }
    const { done, failures, total } = this;
    this.options.onProgress?.({ done, failed: failures.length, total, level });
  }

  /** Something was not made; what belongs to it is not tried. */
  private refuseOrphan({ written }: Step): void {
    if (written === undefined) return;
    const parents = parentsOf(written.reveal());
    const lost = this.failures.find(({ step }) =>
      parents.some(({ key }) => key === `${step.kind}/${step.id}`),
    );
    if (lost) throw new DependencyFailed(`${lost.step.subject} was not made`);
  }
}

class DependencyFailed extends Error {}
