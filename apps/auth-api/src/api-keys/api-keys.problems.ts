import { challenge } from '#principal';
import { defineProblem } from '#problem';
import type { KeyRefusal } from './api-key.js';

export const KeyLimitReached = defineProblem<{ limit: number }>({
  type: 'api-keys/limit-reached',
  status: 409,
  title: 'Key limit reached',
  detail: ({ limit }) =>
    `You have ${limit} usable keys, which is the most one user may have. Revoke one first; a key that is being rotated counts until its overlap ends.`,
  extensions: ({ limit }) => ({ limit }),
  help: 'Keys in rotation overlap count. DELETE /auth/api-keys/{id} revokes one; rotate with overlap_seconds 0 needs no free place.',
});

export const KeyNotFound = defineProblem({
  type: 'api-keys/not-found',
  status: 404,
  title: 'No such key',
  detail: 'You have no key with this id. GET /auth/api-keys lists yours.',
  help: 'The same answer for a key that does not exist and for one of another person.',
});

export const KeyEnded = defineProblem<{ status: string }>({
  type: 'api-keys/ended',
  status: 409,
  title: 'Key has ended',
  detail: ({ status }) => `This key is ${status}; it cannot be rotated. Create a new one.`,
  help: 'Only a usable key can be rotated.',
});

export const ScopeNotYours = defineProblem<{ scopes: readonly string[] }>({
  type: 'api-keys/scope-not-yours',
  status: 403,
  title: 'Scope not yours to give',
  detail: ({ scopes }) => `You cannot give a key more than you have here: ${scopes.join(', ')}.`,
  help: 'A key that may manage keys can only make keys with scopes that it has itself.',
});

export const TierNotYours = defineProblem<{ tier: string }>({
  type: 'api-keys/tier-not-yours',
  status: 403,
  title: 'Tier not yours',
  detail: ({ tier }) => `Keys of tier "${tier}" need the role tier:${tier}. Ask an administrator for it.`,
  help: 'Tiers beyond the default one are given by an administrator, or to whoever has the role tier:<name>.',
});

const ADVICE: Readonly<Record<KeyRefusal, string>> = {
  malformed: 'This is not an API key of this system.',
  'bad-checksum': 'This API key has a typing error, or was made up: its checksum is wrong.',
  'unknown-key': 'There is no such API key.',
  revoked: 'This API key was revoked.',
  expired: 'This API key has expired. Create a new one.',
  'user-disabled': 'The owner of this API key is disabled.',
  'user-deleted': 'The owner of this API key no longer exists.',
};

export const KeyRefused = defineProblem<{ reason: KeyRefusal; realm: string }>({
  type: 'api-keys/refused',
  status: 401,
  title: 'API key refused',
  detail: ({ reason }) => ADVICE[reason],
  extensions: ({ reason }) => ({ valid: false, reason }),
  headers: ({ reason, realm }) => ({
    'www-authenticate': challenge(realm, { error: 'invalid_token', error_description: ADVICE[reason] }),
  }),
  help: '`reason` is one of malformed, bad-checksum, unknown-key, revoked, expired, user-disabled, user-deleted.',
});

export const GatewayOnly = defineProblem({
  type: 'api-keys/gateway-only',
  status: 401,
  title: 'For the gateway',
  detail:
    'This endpoint is for the gateway: send its call secret as bearer token. Clients use their keys at the gateway.',
  headers: () => ({ 'www-authenticate': 'Bearer realm="gateway"' }),
  help: 'GATEWAY_CALL_SECRET of the gateway plugin and of auth-api must be the same; while it is rotated the previous one is accepted too.',
});
