import { defineProblem } from '#problem';

export const KeycloakUnavailable = defineProblem({
  type: 'keycloak/unavailable',
  status: 503,
  title: 'Sign-in unavailable',
  detail:
    'The identity provider does not answer at the moment. Sessions and API keys go on working. Try again shortly.',
  headers: () => ({ 'retry-after': '5' }),
  help: 'Keycloak is down, restarting, hung or refuses our own credentials. Tokens and keys go on working without it; look at /health/auth, KEYCLOAK_URL and the client secrets.',
});

/** What Keycloak says is wrong with one field of a user. */
export interface RefusedField {
  readonly field: string;
  /** Keycloak's message key, such as `error-invalid-email`. */
  readonly code: string;
}

/** Keycloak answered, and refused. Never sent to a client as it is: the caller of the client decides what it means. */
export class KeycloakRefused extends Error {
  constructor(
    readonly operation: string,
    readonly status: number,
    /** `errorMessage` or `error` of the answer. */
    readonly reason: string,
    readonly description: string | undefined,
    readonly fields: readonly RefusedField[],
  ) {
    super(`${operation}: ${status} from Keycloak: ${reason}`);
    this.name = 'KeycloakRefused';
  }
}

/** Reads Keycloak's several shapes of refusal (keycloak-facts, "Errors"). */
export function refusal(operation: string, status: number, body: unknown): KeycloakRefused {
  const answer = (typeof body === 'object' && body !== null ? body : {}) as {
    error?: string;
    error_description?: string;
    errorMessage?: string;
    field?: string;
    errors?: readonly { field?: string; errorMessage?: string }[];
  };
  const faults = answer.errors ?? (answer.field === undefined ? [] : [answer]);
  return new KeycloakRefused(
    operation,
    status,
    answer.errorMessage ?? answer.error ?? 'no reason given',
    answer.error_description,
    faults.map(({ field, errorMessage }) => ({ field: field ?? 'body', code: errorMessage ?? 'invalid' })),
  );
}
