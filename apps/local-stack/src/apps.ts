import type { SecretName } from './secrets.js';

/** A service of ours as the stack sees it. Gateway and further services get a row each. */
export interface AppDescription {
  readonly name: string;
  /** Compiled entry file, from the root of the checkout. */
  readonly entry: string;
  /** Defaults; `<NAME>_PORT` and `<NAME>_INTERNAL_PORT` in the environment win (AUTH_API_PORT). */
  readonly port: number;
  readonly internalPort: number;
  /** Answers 200 when the service can do its work. */
  readonly readyPath: string;
  /** Secrets it is given besides its own GATEWAY_IDENTITY_KEY. Never GATEWAY_SECRET. */
  readonly secrets: readonly Exclude<SecretName, 'GATEWAY_SECRET'>[];
  /** Printed at the end, for a newcomer to paste; `{url}` is the address. */
  readonly firstCall?: string;
}

/** Started in this order. */
export const APPS: readonly AppDescription[] = [
  {
    name: 'auth-api',
    entry: 'dist/apps/auth-api/src/main.js',
    port: 8080,
    internalPort: 9080,
    readyPath: '/readyz',
    secrets: [
      'CREDENTIAL_KEY',
      'GATEWAY_CALL_SECRET',
      'KEYCLOAK_BACKEND_CLIENT_SECRET',
      'KEYCLOAK_GUEST_CLIENT_SECRET',
    ],
    firstCall: 'curl -X POST {url}/auth/guest-login',
  },
];
