import { setTimeout as sleep } from 'node:timers/promises';
import { down } from './down.js';
import { launch } from './launch.js';
import type { StackPlan } from './plan.js';
import { isAlive } from './process-identity.js';
import { readState, type StackState } from './state.js';
import { Terminal } from './terminal.js';

export interface UpOptions {
  readonly foreground: boolean;
  readonly without: readonly string[];
}

/**
 * Brings the stack up, or says that it is up. One of which a part has died is stopped and started again.
 *
 * @returns the exit code: 0 up, 1 failed, 130 after Ctrl-C
 */
export async function up(plan: StackPlan, { foreground, without }: UpOptions): Promise<number> {
  for (;;) {
    const state = await settled(plan.folder);
    if (state && isComplete(state)) {
      console.log('already up');
      printAddresses(plan.folder);
      return 0;
    }
    if (state) {
      const dead = state.parts.filter((part) => part.state === 'ended').map((part) => part.name);
      console.log(`${dead.join(', ')} ended meanwhile: starting afresh`);
      await down(plan, { wipe: false });
    }
    const terminal = new Terminal(process.stdout);
    const args = ['supervise', ...(without.length > 0 ? ['--without', without.join(',')] : [])];
    const onUp = () => printAddresses(plan.folder, foreground);
    const outcome = await launch({ folder: plan.folder, args, terminal, foreground, onUp });
    terminal.close();
    if (outcome.kind === 'up') return 0;
    if (outcome.kind === 'ended') return outcome.interrupted ? 130 : outcome.code;
    console.log(`another make up (pid ${outcome.pid}) is at work here: waiting for it`);
  }
}

/** The state of a living supervisor once it is neither starting nor stopping; undefined when there is none. */
async function settled(folder: string): Promise<StackState | undefined> {
  for (;;) {
    const state = readState(folder);
    if (!state || !isAlive(state.supervisor)) return undefined;
    if (state.phase === 'up') return state;
    await sleep(200);
  }
}

function isComplete(state: StackState): boolean {
  return state.parts.every((part) => part.state === 'external' || (part.process && isAlive(part.process)));
}

function printAddresses(folder: string, foreground = false): void {
  const state = readState(folder);
  if (!state) return;
  console.log('');
  for (const part of state.parts) console.log(`  ${part.name.padEnd(12)} ${part.address ?? ''}`);
  console.log(`  state, logs  ${folder}`);
  for (const call of state.firstCalls) console.log(`\ntry:  ${call}`);
  console.log(foreground ? '\nCtrl-C stops everything.' : '\nstop: make down   look: make status');
}
