/** What Kong says in the body of a refusal. */
interface Refusal {
  /** Kong's own: 2 schema violation, 4 foreign key, 5 unique violation, 12 not without a database, 14 declarative. */
  readonly code?: number;
  readonly name?: string;
  readonly message?: string;
  /** What is wrong, field by field. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Kong answered, and refused: asking again the same way will not help. */
export class KongRefused extends Error {
  readonly code: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  /** @param answer as it came, without the secrets of the request */
  constructor(
    readonly operation: string,
    readonly node: string,
    readonly status: number,
    readonly answer: string,
  ) {
    const refusal = parse(answer);
    super(`${operation}: ${status} from Kong at ${node}: ${(refusal.message ?? answer).slice(0, 300)}`);
    this.name = 'KongRefused';
    this.code = refusal.code;
    this.fields = refusal.fields ?? {};
  }
}

/** Kong could not be asked, is too busy, or failed: asking again later may help. */
export class KongUnreachable extends Error {
  /** When Kong wants to be asked again, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly operation: string,
    readonly node: string,
    reason: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(`${operation}: Kong at ${node}: ${reason}`, options);
    this.name = 'KongUnreachable';
    this.retryAfterMs = options.retryAfterMs;
  }
}

function parse(answer: string): Refusal {
  try {
    const body: unknown = JSON.parse(answer);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {}; // something before Kong answered, in words of its own
  }
}
