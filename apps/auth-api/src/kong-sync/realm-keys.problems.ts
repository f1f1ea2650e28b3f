import { defineProblem } from '#problem';

export const RotationNotPossible = defineProblem<{ why: string }>({
  type: 'kong/rotation-not-possible',
  status: 409,
  title: 'The realm key cannot be rotated from here',
  detail: ({ why }) =>
    `${why} Set KEYCLOAK_REALM_ADMIN_CLIENT_ID and KEYCLOAK_REALM_ADMIN_CLIENT_SECRET to a client with a service account and the role manage-realm, or rotate the key in Keycloak.`,
  help: 'auth-api’s usual client cannot change the realm, on purpose. Make another one in Keycloak: confidential, with a service account that has the role manage-realm of realm-management, in its scope as well. Without it rotate in Keycloak: add a key provider with a lower priority, wait two seconds, raise the priority, and turn the old one passive.',
});

export const KeyNotEverywhere = defineProblem<{ nodes: number }>({
  type: 'kong/key-not-everywhere',
  status: 503,
  title: 'The new key is not everywhere yet',
  detail: ({ nodes }) =>
    `A new key was made, but ${nodes} gateway nodes do not have it yet, so nothing is signed with it. Call again: the same key is used.`,
  headers: () => ({ 'retry-after': '5' }),
  help: 'A node of KONG_ADMIN_URLS does not answer, or cannot reach Keycloak. The realm works as before; the new key is published and signs nothing until a later call.',
});
