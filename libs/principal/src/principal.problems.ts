import { defineProblem } from '#problem';

const NEW_TOKEN = 'Get a new one from POST /auth/refresh-token or POST /auth/login.';
const OUR_TOKENS = 'Send the access token that POST /auth/login or POST /auth/guest-login returned.';

/**
 * Why a credential is not believed, and what the caller does about it. The text is also `error_description`, so it must be
 * ASCII without quotes and backslashes (RFC 6750 §3).
 */
export const REASONS = {
  missing:
    'No credential was sent. Send an access token as Authorization: Bearer, or an API key as X-API-Key.',
  malformed: `The Authorization header is not one bearer token of at most 8 kB. ${OUR_TOKENS}`,
  expired: `The token has expired. ${NEW_TOKEN}`,
  'not-yet-valid': 'The token is not valid yet. Check the clock of the machine that issued it.',
  'bad-signature': `The signature of the token is wrong. ${OUR_TOKENS}`,
  'unknown-kid': `The token is signed by a key that the realm does not have. ${NEW_TOKEN}`,
  'wrong-algorithm': `The token is not signed with RS256, as access tokens are. ${OUR_TOKENS}`,
  'wrong-issuer': `The token is from another issuer. ${OUR_TOKENS}`,
  'wrong-audience': `The token is meant for another service. ${OUR_TOKENS}`,
  'wrong-party': `The token was issued to a client that is not accepted here. ${OUR_TOKENS}`,
  'wrong-type': `This is not an access token but, for example, an ID token or a refresh token. ${OUR_TOKENS}`,
  'missing-claim': `The token lacks a claim that access tokens have. ${OUR_TOKENS}`,
  'lifetime-too-long': `The token lives longer than an hour. ${OUR_TOKENS}`,
  'token-required':
    'This endpoint wants your own access token beside the gateway or instead of an API key. Sign in.',
  'key-needs-gateway': 'This service does not judge API keys itself. Send the request through the gateway.',
  'user-disabled': 'The account is disabled. Ask an administrator.',
  'user-deleted': 'The account no longer exists.',
  'bad-gateway-identity':
    'The gateway identity is not valid here. Clients do not send X-Gateway-Identity themselves.',
  'expired-gateway-identity': 'The gateway identity has expired. Send the request through the gateway again.',
  'unproven-identity-headers':
    'Identity headers such as X-User-ID were sent without a proof of the gateway, or disagree with it. Leave them out.',
} as const;

export type Reason = keyof typeof REASONS;

/** A credential is missing, or present and not believed: 401 with a challenge (RFC 9110 §15.5.2, RFC 6750 §3). */
export const Unauthenticated = defineProblem<{ reason: Reason; realm: string }>({
  type: 'principal/unauthenticated',
  status: 401,
  title: 'Not authenticated',
  detail: ({ reason }) => REASONS[reason],
  extensions: ({ reason }) => ({ reason }),
  headers: ({ reason, realm }) => ({
    // RFC 6750 §3.1: no error code for a request that carries no authentication at all.
    'www-authenticate':
      reason === 'missing'
        ? challenge(realm)
        : challenge(realm, { error: 'invalid_token', error_description: REASONS[reason] }),
  }),
  help: 'No credential, or one that is not believed; `reason` says which. A credential that fails refuses the request even beside a good one.',
});

export const Forbidden = defineProblem<{ roles: readonly string[] }>({
  type: 'principal/forbidden',
  status: 403,
  title: 'Role needed',
  detail: ({ roles }) =>
    `This needs the role ${roles.join(' or ')}, which you do not have. Ask an administrator for it.`,
  extensions: ({ roles }) => ({ roles }),
  help: 'The caller is known but lacks the role of this endpoint. Roles are given in Keycloak.',
});

/** RFC 6750 §3.1, `insufficient_scope`. */
export const InsufficientScope = defineProblem<{ scopes: readonly string[]; realm: string }>({
  type: 'principal/insufficient-scope',
  status: 403,
  title: 'Scope needed',
  detail: ({ scopes }) =>
    `The API key lacks the scope ${scopes.join(' and ')}. Use a key that has it, or sign in.`,
  extensions: ({ scopes }) => ({ scopes }),
  headers: ({ scopes, realm }) => ({
    'www-authenticate': challenge(realm, { error: 'insufficient_scope', scope: scopes.join(' ') }),
  }),
  help: 'API keys are limited to scopes; a session has all of them. `scopes` lists what this endpoint needs.',
});

export const ConfusedDeputy = defineProblem({
  type: 'principal/confused-deputy',
  status: 403,
  title: 'Two different callers',
  detail: 'The request carries credentials of two different people. Send only one of them.',
  help: 'Two credentials, each good, name different people: one of them may be used without its owner knowing. Counted in service_confused_deputy_attempts_total.',
});

export const KeysUnavailable = defineProblem({
  type: 'principal/keys-unavailable',
  status: 503,
  title: 'Sign-in unavailable',
  detail: 'The keys that tokens are verified with are not there yet. Try again in a few seconds.',
  headers: () => ({ 'retry-after': '5' }),
  help: 'The key of this token is not among those we have, and the realm cannot be asked: JWKS was never read, Keycloak does not answer now, or a flood of made-up keys is under way. Look at /health/auth and at the address of Keycloak.',
});

/** The `WWW-Authenticate` of a refusal (RFC 6750 §3). */
export function challenge(realm: string, attributes: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries({ realm, ...attributes }).map(([name, value]) => `${name}="${value}"`);
  return `Bearer ${pairs.join(', ')}`;
}
