import { z } from 'zod';
import type { Principal } from './principal.js';
import type { Reason } from './principal.problems.js';
import { SESSION_SCOPES } from './scopes.js';

const MAX_LIFETIME_S = 3600;
const CLOCK_SKEW_S = 60;

/** OpenID Connect Core §2: at most 255 ASCII characters. It goes into a response header. */
export const SUBJECT = z.string().regex(/^[\x21-\x7e]{1,255}$/);

const ACCESS_TOKEN = z.object({
  sub: SUBJECT,
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  typ: z.string(),
  azp: z.string(),
  sid: z.string().optional(),
  jti: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().default(false),
  guest: z.boolean().default(false),
  realm_access: z.object({ roles: z.array(z.string()) }).default({ roles: [] }),
});

export type AccessToken = z.output<typeof ACCESS_TOKEN>;

/** The token fails, for this reason. Becomes an `Unauthenticated` problem before it leaves. */
export class TokenRejected extends Error {
  constructor(
    readonly reason: Reason,
    options?: { cause?: unknown },
  ) {
    super(reason, options);
    this.name = 'TokenRejected';
  }
}

/** @throws {TokenRejected} missing-claim: a claim is missing or of another type */
export function parseAccessToken(payload: unknown): AccessToken {
  const parsed = ACCESS_TOKEN.safeParse(payload);
  if (!parsed.success) throw new TokenRejected('missing-claim', { cause: parsed.error });
  return parsed.data;
}

/**
 * What is left to judge once algorithm, signature, `exp`, `iss` and `aud` are right (RFC 9068 §4, Keycloak's claims).
 * Clocks may differ by a minute for `nbf` and `iat`, and never for `exp`.
 *
 * @returns why the token fails, or undefined
 */
export function faultOf(
  token: AccessToken,
  { acceptedParties, nowS }: { acceptedParties: readonly string[]; nowS: number },
): Reason | undefined {
  if (token.typ !== 'Bearer') return 'wrong-type';
  if (!acceptedParties.includes(token.azp)) return 'wrong-party';
  if (token.exp - token.iat > MAX_LIFETIME_S) return 'lifetime-too-long';
  if (Math.max(token.iat, token.nbf ?? 0) > nowS + CLOCK_SKEW_S) return 'not-yet-valid';
  return undefined;
}

/** Keycloak leaves `preferred_username` out where the client has no such mapper. */
export function principalFromToken(token: AccessToken): Principal {
  return {
    kind: token.guest ? 'guest' : 'user',
    id: token.sub,
    username: token.preferred_username ?? token.sub,
    email: token.email,
    emailVerified: token.email_verified,
    roles: token.realm_access.roles,
    scopes: SESSION_SCOPES,
    via: {
      method: 'jwt',
      gateway: false,
      credentialId: token.sid ?? token.jti,
      issuedAt: token.iat,
      expiresAt: token.exp,
      authorizedParty: token.azp,
    },
  };
}
