import { eventually, launchAuthApi, type RunningAuthApi } from './auth-api.js';
import { BEGINNING, CrashGate, type Role } from './crash-gate.js';
import { KeycloakProxy } from './keycloak-proxy.js';
import { PostgresProxy } from './postgres-proxy.js';
import { createTestDatabase, testStack } from './stack.js';
import type { Step } from './stepped-proxy.js';

/** An operation that is to survive the death of its process at any step. */
export interface Operation<S> {
  readonly name: string;
  /** Which steps belong to it, and which others must not run beside it. */
  readonly roleOf: (step: Step) => Role;
  /** What must be there before, made by the process that will die. */
  readonly prepare: (api: RunningAuthApi) => Promise<S>;
  /** The operation, to its end; it throws, or finds its connection closed, when the process dies on the way. */
  readonly attempt: (api: RunningAuthApi, subject: S) => Promise<unknown>;
  /** What holds as soon as another process runs. */
  readonly verify: (api: RunningAuthApi, subject: S, outcome: Outcome) => Promise<void>;
}

export interface Outcome {
  /** What the client got; undefined when nothing came. */
  readonly answer: unknown;
  /** The step at which the process died, for the message of a failed expectation. */
  readonly diedAt: string;
}

export interface Tried {
  readonly points: readonly string[];
  /** Points that the operation did not come by again. */
  readonly missed: readonly string[];
}

const QUIET_MS = 50;
const READY_WITHIN_MS = 60_000;
/** A step that was asked in each rehearsal comes again, or it does not belong to the operation. */
const ATTEMPTS = 3;

/** One database, and on it one process after the other. */
export class CrashLane {
  private constructor(
    private readonly name: string,
    readonly databaseUrl: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async create(name: string, environment: Readonly<Record<string, string>> = {}): Promise<CrashLane> {
    return new CrashLane(name, await createTestDatabase(name.replace(/\W/g, '_')), environment);
  }

  /** A process without proxies, ready. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<RunningAuthApi> {
    const api = await launchAuthApi(this.name, {
      DATABASE_URL: this.databaseUrl,
      USER_EVENTS_INTERVAL_MS: '3000',
      ...this.environment,
      ...environment,
    });
    const isReady = async (): Promise<boolean> => (await fetch(`${api.url}/readyz`)).status === 200;
    await eventually(isReady, `${this.name} is ready`, READY_WITHIN_MS);
    return api;
  }
}

/**
 * Lets the operation run to its end in each lane, to learn its steps, and then kills a process at each of them that
 * counts and at the beginning, each time a new process. The lanes share the points.
 */
export async function crashAtEveryStep<S>(
  lanes: readonly CrashLane[],
  operation: Operation<S>,
): Promise<Tried> {
  const stages = await Promise.all(lanes.map((lane) => Stage.open(lane, operation)));
  try {
    const rehearsals = await finished(stages.map((stage) => stage.rehearse()));
    const [first = [], ...others] = rehearsals;
    const points = [BEGINNING, ...first.filter((step) => others.every((steps) => steps.includes(step)))];
    const waiting = [...points];
    const missed: string[] = [];
    await finished(
      stages.map(async (stage) => {
        for (let point = waiting.shift(); point !== undefined; point = waiting.shift())
          if (!(await stage.crashAt(point))) missed.push(point);
      }),
    );
    return { points, missed };
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
  }
}

/** An operation in one lane: a process behind proxies, and the next one when it is dead. */
class Stage<S> {
  private constructor(
    private readonly operation: Operation<S>,
    private readonly gate: CrashGate,
    private readonly start: () => Promise<RunningAuthApi>,
    private readonly closeProxies: () => Promise<unknown>,
    private api: RunningAuthApi,
  ) {}

  static async open<S>(lane: CrashLane, operation: Operation<S>): Promise<Stage<S>> {
    const gate = new CrashGate(operation.roleOf);
    const [postgres, keycloak] = await Promise.all([
      PostgresProxy.to(lane.databaseUrl, gate),
      KeycloakProxy.to(testStack().keycloakUrl, gate),
    ]);
    const start = (): Promise<RunningAuthApi> =>
      lane.start({ DATABASE_URL: postgres.url, KEYCLOAK_URL: keycloak.url });
    const closeProxies = (): Promise<unknown> => Promise.all([postgres.close(), keycloak.close()]);
    return new Stage(operation, gate, start, closeProxies, await start());
  }

  /** Runs the operation to its end; returns its steps. */
  async rehearse(): Promise<readonly string[]> {
    await this.run(undefined);
    return this.gate.steps;
  }

  /** Whether the process died there. */
  async crashAt(point: string): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await this.run(point)) return true;
    return false;
  }

  async close(): Promise<void> {
    await this.api.kill();
    await this.closeProxies();
  }

  /** A process that lived is replaced as well, for it has learnt what a new one must ask. Returns whether it died. */
  private async run(point: string | undefined): Promise<boolean> {
    const { subject, answer } = await this.attempt(point);
    const died = this.gate.fired;
    if (died) this.api = await this.start();
    const diedAt = died ? String(point) : 'no step';
    await this.operation.verify(this.api, subject, { answer, diedAt });
    if (died) return true;
    await this.api.kill();
    this.api = await this.start();
    return false;
  }

  private async attempt(point: string | undefined): Promise<{ subject: S; answer: unknown }> {
    const { api, gate, operation } = this;
    const subject = await operation.prepare(api);
    await eventually(() => gate.quietMs > QUIET_MS, 'the process rests');
    gate.arm(point, () => api.kill());
    try {
      return { subject, answer: await operation.attempt(api, subject) };
    } catch (error) {
      if (!gate.fired) throw error;
      return { subject, answer: undefined };
    } finally {
      gate.disarm();
    }
  }
}

/** As Promise.all, but waits for all of them also when one has failed: none goes on behind the back of what follows. */
async function finished<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
