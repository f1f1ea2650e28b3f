import { isAlive, stopProcess } from './process-identity.js';
import { forgetState, type PartState, readState } from './state.js';
import { POSTGRES_STOP } from './postgres.js';

/**
 * Stops what a killed supervisor left behind, the last started first, and forgets it. Processes that merely have a
 * recorded number are left alone.
 *
 * @returns the names of the parts that were still alive
 */
export async function stopLeftovers(folder: string): Promise<readonly string[]> {
  const parts = readState(folder)?.parts ?? [];
  const stopped: string[] = [];
  for (const part of [...parts].reverse()) {
    if (!part.process || !isAlive(part.process)) continue;
    await stopProcess(part.process, stepsFor(part));
    stopped.push(part.name);
  }
  forgetState(folder);
  return stopped;
}

function stepsFor(part: PartState) {
  if (part.stopSignal === 'SIGINT') return POSTGRES_STOP.fast;
  return [
    { signal: 'SIGTERM', waitMs: 10_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
}
