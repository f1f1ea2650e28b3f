export { ALL_SCOPES, DEFAULT_SCOPES, hasScope, type Scope } from './scopes.js';
export { credentialsOf } from './credentials.js';
export { CurrentPrincipal, Public, RevalidateToken, Roles, Scopes } from './access.js';
export { IdentitySigner } from './identity-signer.js';
export type { PrincipalOptions, SubjectCheck } from './options.js';
export { type AuthMethod, type Principal, principalOf, type Via } from './principal.js';
export {
  challenge,
  ConfusedDeputy,
  Forbidden,
  InsufficientScope,
  KeysUnavailable,
  Unauthenticated,
} from './principal.problems.js';
export { PrincipalModule } from './principal.module.js';
export type { IncomingRequest, PrincipalResolver } from './resolver.js';
export { RealmKeys } from './realm-keys.js';
