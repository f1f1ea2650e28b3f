/** Where a problem type's page is served; `type` of every problem starts with it (RFC 9457 §3.1.1, relative reference). */
export const PROBLEM_TYPE_BASE = '/docs/problems/';

/** One kind of failure, declared once by the module that owns it. `P` is what its text needs to know. */
export interface ProblemDefinition<P> {
  /** `module/name`: stable, what clients switch on. */
  readonly type: string;
  readonly status: number;
  readonly title: string;
  /** For the caller: what happened and what to do next. Never a secret, never another person's data. */
  readonly detail: string | ((params: P) => string);
  /** Members beside the five of RFC 9457 (§3.2), for programs. */
  readonly extensions?: (params: P) => Readonly<Record<string, unknown>>;
  /** Response headers, such as WWW-Authenticate (RFC 6750 §3) or Retry-After (RFC 9110 §10.2.3). */
  readonly headers?: (params: P) => Readonly<Record<string, string>>;
  /** For the documentation page: when it happens and what an operator or a developer does about it. */
  readonly help: string;
}

/** What the filter sends: RFC 9457 members and extensions. */
export type ProblemBody = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
} & Readonly<Record<string, unknown>>;

/** A failure with a declared type. `cause` is for our logs and never leaves the process. */
export class Problem extends Error {
  constructor(
    readonly type: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly extensions: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
    options?: { cause?: unknown },
  ) {
    super(`${type}: ${detail}`, options);
    this.name = 'Problem';
  }

  body(): ProblemBody {
    return {
      ...this.extensions,
      type: PROBLEM_TYPE_BASE + this.type,
      title: this.title,
      status: this.status,
      detail: this.detail,
    };
  }
}

/** Makes problems of one type; `definition` lets tests and OpenAPI name it without a string of their own. */
export interface ProblemFactory<P> {
  (params: P, options?: { cause?: unknown }): Problem;
  readonly definition: ProblemDefinition<P>;
  /** Whether `error` is a problem of this type. */
  is(error: unknown): error is Problem;
}

/**
 * Members that all failures of a service have beside their own (RFC 9457 §3.2), for clients that look for another form.
 */
export type MoreMembers = (problem: Problem) => Readonly<Record<string, unknown>>;

/** The body of an answer. What the problem says itself wins over `more`. */
export function problemText(problem: Problem, requestId: string, more: MoreMembers = () => ({})): string {
  return JSON.stringify({ ...more(problem), ...problem.body(), request_id: requestId });
}

const registry = new Map<string, ProblemDefinition<never>>();

/**
 * Declares a problem type. Called at module load, so that the registry is complete once the app is imported.
 *
 * @throws {Error} the type is declared twice or is not `module/name`
 */
export function defineProblem<P = void>(definition: ProblemDefinition<P>): ProblemFactory<P> {
  const { type } = definition;
  if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(type)) throw new Error(`problem type "${type}" is not module/name`);
  if (registry.has(type)) throw new Error(`problem type "${type}" is declared twice`);
  registry.set(type, definition);

  const make = (params: P, options?: { cause?: unknown }): Problem =>
    new Problem(
      type,
      definition.status,
      definition.title,
      typeof definition.detail === 'string' ? definition.detail : definition.detail(params),
      definition.extensions?.(params),
      definition.headers?.(params),
      options,
    );
  return Object.assign(make, {
    definition,
    is: (error: unknown): error is Problem => error instanceof Problem && error.type === type,
  });
}

/** Every declared problem type, sorted, for the documentation pages. */
export function declaredProblems(): readonly ProblemDefinition<never>[] {
  return [...registry.values()].sort((a, b) => a.type.localeCompare(b.type));
}
