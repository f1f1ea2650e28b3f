import type { Child } from './child.js';
import type { Report } from './events.js';
import { failureText, lastLines, Stopped } from './failure.js';
import type { StackPlan } from './plan.js';
import type { ProcessIdentity } from './process-identity.js';
import type { Secrets } from './secrets.js';
import type { PartState, StackRecord } from './state.js';

/** What every part needs to start. */
export interface StackContext {
  readonly plan: StackPlan;
  readonly secrets: Secrets;
  readonly record: StackRecord;
  readonly report: Report;
  /** Aborted by Ctrl-C, `down`, or a failed part. */
  readonly signal: AbortSignal;
  /** Called in reverse order at the end. */
  readonly stops: (() => Promise<void>)[];
}

/** A failed part that has been reported already. */
export class PartFailed extends Error {}

/**
 * Runs one part's start: its line on the terminal, its time, its failure with the end of its log.
 *
 * @throws {PartFailed} reported
 * @throws {Stopped} not a failure
 */
export async function startPart<T>(
  context: StackContext,
  part: string,
  start: () => Promise<{
    readonly running: T;
    readonly address: string;
    readonly state?: PartState['state'];
  }>,
): Promise<T> {
  const began = Date.now();
  context.report({ kind: 'working', part, note: 'starting' });
  try {
    const { running, address, state = 'up' } = await start();
    context.record.part(part, { state, address, since: Date.now() });
    const note = state === 'external' ? `${address} (given)` : address;
    context.report({ kind: 'done', part, note, ms: Date.now() - began });
    return running;
  } catch (error) {
    if (error instanceof Stopped || context.signal.aborted) throw new Stopped();
    const { reason, advice, logFile } = failureText(error);
    console.error(error);
    context.record.part(part, { state: 'ended', ended: reason });
    context.report({
      kind: 'failed',
      part,
      reason,
      advice,
      logFile,
      lastLines: logFile ? lastLines(logFile, 12) : [],
    });
    throw new PartFailed(reason);
  }
}

/** Records each process of a part the moment it exists. */
export function recorder(
  context: StackContext,
  part: string,
  stopSignal: PartState['stopSignal'] = 'SIGTERM',
) {
  return (process: ProcessIdentity, logFile: string) =>
    context.record.part(part, { process, logFile, stopSignal });
}

/** Notes the death of a part that was up. It is not started again: `status` says so and a person decides. */
export function watch(context: StackContext, part: string, child: Child): void {
  void child.exited.then(({ code, signal }) => {
    if (context.signal.aborted) return;
    const ended = signal ? `ended by ${signal}` : `ended with exit code ${code}`;
    console.error(`${new Date().toISOString()} ${part} ${ended}, see ${child.logFile}`);
    context.record.part(part, { state: 'ended', ended });
    context.report({ kind: 'note', text: `${part} ${ended}, see ${child.logFile}` });
  });
}
