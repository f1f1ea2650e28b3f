export type AuthMethod = 'jwt' | 'apikey';

/** How we know who is calling. */
export interface Via {
  readonly method: AuthMethod;
  /** The gateway has proved it; otherwise this service has judged the credential itself. */
  readonly gateway: boolean;
  /** Id of the API key; of a token its session (`sid`), else its `jti`. */
  readonly credentialId: string | undefined;
  /** When the credential shown to this service was issued, in seconds since 1970. */
  readonly issuedAt: number;
  /** Until when the credential shown to this service is good, in seconds since 1970; undefined where it is not said. */
  readonly expiresAt?: number;
  /** The Keycloak client the token was issued to (`azp`). */
  readonly authorizedParty: string | undefined;
}

interface Person {
  /** Keycloak's id of the user (`sub`). */
  readonly id: string;
  readonly username: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  /** All of them in a person's own session; those of the key when an API key is used. */
  readonly scopes: readonly string[];
  readonly via: Via;
}

/** Who is calling. Frozen; handlers see this, never a header. */
export type Principal =
  | ({ readonly kind: 'guest' } & Person)
  | ({ readonly kind: 'user' } & Person)
  | ({ readonly kind: 'application'; readonly credentialId: string } & Person);

/** Not a name that a body, a header or a plugin could set by accident. */
const PRINCIPAL = Symbol('principal');

const REFUSAL = Symbol('refusal');

type Marked = { [PRINCIPAL]?: Principal; [REFUSAL]?: Error };

/** The principal of a request that the guard let in; undefined before that, and on public routes. */
export function principalOf(request: object): Principal | undefined {
  return (request as Marked)[PRINCIPAL];
}

/** Freezes the principal and keeps it with its request. */
export function keepPrincipal(request: object, principal: Principal): void {
  for (const part of [principal, principal.via, principal.roles, principal.scopes]) Object.freeze(part);
  (request as Marked)[PRINCIPAL] = principal;
}

/** Keeps why a request that was let through (AUTH_MODE=log) would have been refused. */
export function keepRefusal(request: object, refusal: Error): void {
  (request as Marked)[REFUSAL] = refusal;
}

/** Why nobody is known here; undefined on a public route, where nobody was asked. */
export function refusalOf(request: object): Error | undefined {
  return (request as Marked)[REFUSAL];
}
