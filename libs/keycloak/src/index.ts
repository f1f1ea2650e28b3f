export { KeycloakAccounts, type Account, type AccountChange } from './accounts.js';
export { withDeadline } from './deadline.js';
export { KeycloakEvents, type AccountEvent } from './events.js';
export { KeycloakKeyProviders, type KeyProvider } from './key-providers.js';
export { KeycloakModule } from './keycloak.module.js';
export { KeycloakRefused, KeycloakUnavailable, type RefusedField } from './keycloak.problems.js';
export type { KeycloakOptions } from './options.js';
export { KeycloakTokens, type TokenSet } from './tokens.js';
export { KeycloakRealmKeys, type SigningKey } from './realm-keys.js';
