import type { StackPlan } from './plan.js';
import { isAlive } from './process-identity.js';
import { type PartState, readState, type StackState } from './state.js';

const NOT_RUNNING = 3;

/**
 * Prints what runs where.
 *
 * @returns 0 when everything is up, else 3 (as `systemctl status` does)
 */
export function status(plan: StackPlan): number {
  const state = readState(plan.folder);
  if (!state) {
    console.log('not running; start it: make up');
    return NOT_RUNNING;
  }
  const rows = state.parts.map((part) => row(part, Date.now()));
  for (const line of table([['part', 'state', 'pid', 'address', 'for'], ...rows])) console.log(line);
  const isSupervised = isAlive(state.supervisor);
  if (!isSupervised) console.log('\nthe supervisor was killed: make up or make down clears up after it');
  else if (state.phase !== 'up') console.log(`\n${state.phase} …`);
  return isSupervised && isAllUp(state) ? 0 : NOT_RUNNING;
}

/** `2 h 5 min`, `42 s` */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${total % 60} s` : `${total} s`;
}

/** Columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function row(part: PartState, now: number): readonly string[] {
  const isRunning = part.process !== undefined && isAlive(part.process);
  const ended = part.ended ?? 'ended';
  const shown = part.state === 'external' ? 'external' : isRunning ? part.state : ended;
  const pid = isRunning && part.process ? String(part.process.pid) : '-';
  return [part.name, shown, pid, part.address ?? '-', isRunning ? duration(now - part.since) : '-'];
}

function isAllUp(state: StackState): boolean {
  const isUp = (part: PartState) =>
    part.state === 'external' || (part.state === 'up' && part.process !== undefined && isAlive(part.process));
  return state.phase === 'up' && state.parts.every(isUp);
}
