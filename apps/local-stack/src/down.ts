import { rmSync } from 'node:fs';
import { stopLeftovers } from './heal.js';
import type { StackPlan } from './plan.js';
import { isAlive, stopProcess } from './process-identity.js';
import { readState } from './state.js';
import { seconds } from './terminal.js';

/** Long enough for every part to use up its own time to stop. */
const SUPERVISOR_STOP = [
  { signal: 'SIGTERM', waitMs: 60_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/**
 * Stops everything that `up` started in this checkout, and nothing else; also what a killed supervisor left.
 *
 * @returns the exit code, 0 also when nothing was running
 */
export async function down(plan: StackPlan, { wipe }: { readonly wipe: boolean }): Promise<number> {
  const began = Date.now();
  const state = readState(plan.folder);
  const isSupervised = state !== undefined && isAlive(state.supervisor);
  if (isSupervised) await stopProcess(state.supervisor, SUPERVISOR_STOP);
  const leftovers = await stopLeftovers(plan.folder);
  const stopped = isSupervised ? ownParts(state.parts) : leftovers;
  console.log(
    stopped.length > 0
      ? `✓ stopped ${stopped.join(', ')}  ${seconds(Date.now() - began)}`
      : 'nothing is running',
  );
  if (wipe) {
    rmSync(plan.folder, { recursive: true, force: true });
    console.log(`✓ removed ${plan.folder}`);
  }
  return 0;
}

function ownParts(parts: readonly { readonly name: string; readonly state: string }[]): readonly string[] {
  return parts.filter((part) => part.state === 'up' || part.state === 'starting').map((part) => part.name);
}
