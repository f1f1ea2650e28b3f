import { readFileSync } from 'node:fs';

/** What a failed part tells the person at the terminal: one line why, one line what to do. */
export interface FailureText {
  readonly reason: string;
  readonly advice: string;
  /** The part's log file, if it got far enough to have one. */
  readonly logFile?: string;
}

/** A part could not be started for a reason we can name. Anything else thrown is a bug of ours. */
export class StackFailure extends Error {
  constructor(
    readonly text: FailureText,
    cause?: unknown,
  ) {
    super(text.reason, { cause });
    this.name = 'StackFailure';
  }
}

/** Ctrl-C or `down` came while something was starting: not a failure, nothing to explain. */
export class Stopped extends Error {
  constructor() {
    super('stopped while starting');
    this.name = 'Stopped';
  }
}

/** Turns whatever was thrown into the two lines; an unknown error keeps its message and points to the log. */
export function failureText(error: unknown): FailureText {
  if (error instanceof StackFailure) return error.text;
  const message = error instanceof Error ? error.message : String(error);
  if (isNoSpace(error)) {
    return { reason: `no space left on the disk (${message})`, advice: 'free about 1 GB and try again' };
  }
  return { reason: message, advice: 'see supervisor.log in the state folder' };
}

/** The last lines of a log, blank ones left out; empty when there is no such file. */
export function lastLines(logFile: string, count: number): readonly string[] {
  try {
    const lines = readFileSync(logFile, 'utf8').split('\n');
    return lines.filter((line) => line.trim() !== '').slice(-count);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The `code` of a system or PostgreSQL error: `ENOENT`, `28P01`; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function isNoSpace(error: unknown): boolean {
  return errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT';
}
