import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from './failure.js';
import { type ProcessIdentity } from './process-identity.js';

const identity = z.object({ pid: z.number().int().positive(), began: z.string() });

const part = z.object({
  name: z.string(),
  /** `external`: given by DATABASE_URL or KEYCLOAK_URL, not ours to stop. */
  state: z.enum(['starting', 'up', 'ended', 'external']),
  process: identity.optional(),
  /** PostgreSQL wants SIGINT: SIGTERM would wait for its clients. */
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  address: z.string().optional(),
  logFile: z.string().optional(),
  /** Milliseconds since 1970. */
  since: z.number(),
  ended: z.string().optional(),
});

const stack = z.object({
  supervisor: identity,
  phase: z.enum(['starting', 'up', 'stopping']),
  parts: z.array(part),
  firstCalls: z.array(z.string()),
});

export type PartState = z.infer<typeof part>;
export type StackState = z.infer<typeof stack>;

const fileIn = (folder: string) => join(folder, 'state.json');

/** What is recorded of a running, or killed, stack. A file that another version wrote counts as none. */
export function readState(folder: string): StackState | undefined {
  try {
    return stack.safeParse(JSON.parse(readFileSync(fileIn(folder), 'utf8'))).data;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes the record: everything in it has been stopped. */
export function forgetState(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

/** The record of a stack while it runs. Written at every change, before the next step, so that a kill leaves the truth. */
export class StackRecord {
  private readonly state: StackState;

  constructor(
    private readonly folder: string,
    supervisor: ProcessIdentity,
  ) {
    this.state = { supervisor, phase: 'starting', parts: [], firstCalls: [] };
    this.write();
  }

  get parts(): readonly PartState[] {
    return this.state.parts;
  }

  phase(phase: StackState['phase'], firstCalls: readonly string[] = this.state.firstCalls): void {
    this.state.phase = phase;
    this.state.firstCalls = [...firstCalls];
    this.write();
  }

  part(name: string, change: Partial<PartState>): void {
    const known = this.state.parts.find((one) => one.name === name);
    const before: PartState = known ?? { name, state: 'starting', stopSignal: 'SIGTERM', since: Date.now() };
    if (!known) this.state.parts.push(before);
    Object.assign(before, change);
    this.write();
  }

  private write(): void {
    const file = fileIn(this.folder);
    writeFileSync(`${file}.new`, `${JSON.stringify(this.state, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
