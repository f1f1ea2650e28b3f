import type { KeycloakPart } from './parts.js';
import type { PostgresPart } from './postgres-part.js';
import type { Secrets } from './secrets.js';

/** In the folder of a test stack, once it is up. Read by test/support/stack.ts. */
export const TEST_STACK_FILE = 'test-stack.json';

/** What a test must know to use the stack; secrets included, so the file is for its owner only. */
export function describeTestStack(secrets: Secrets, postgres: PostgresPart, keycloak: KeycloakPart) {
  return {
    keycloakUrl: keycloak.url,
    keycloakPid: keycloak.pid,
    issuer: keycloak.issuer,
    realm: 'jan',
    backendClientSecret: secrets.KEYCLOAK_BACKEND_CLIENT_SECRET,
    guestClientSecret: secrets.KEYCLOAK_GUEST_CLIENT_SECRET,
    keycloakAdmin: { username: 'admin', password: secrets.KEYCLOAK_ADMIN_PASSWORD },
    postgresAdminUrl: postgres.urlOf('postgres'),
    supervisorPid: process.pid,
  };
}
