import { randomBytes } from 'node:crypto';
import { Secret } from '#config';
import type { Credential } from '../consumers/index.js';
import { credentialId, NO_REDIRECT_URI } from './naming.js';
import type { MachineAuth } from './subscription.js';

const SECRET_BYTES = 32;
const CLIENT_ID_BYTES = 18;

type OAuth2Credential = Extract<Credential, { readonly kind: 'oauth2' }>;

interface ForCredential {
  readonly id: string;
  readonly applicationId: string;
  readonly auth: MachineAuth;
}

/** A credential that nobody has seen yet. */
export function newCredential(
  realm: string,
  subscription: ForCredential,
  redirectUri: string | null,
): Credential {
  const { id, applicationId, auth } = subscription;
  const secret = new Secret(randomBytes(SECRET_BYTES).toString('base64url'));
  if (auth === 'key-auth') return { kind: 'key-auth', id: credentialId(realm, id), key: secret };
  return at(realm, id, redirectUri, {
    kind: 'oauth2',
    name: applicationId,
    // Not a UUID, which Kong would take for its own id of the credential.
    clientId: `${applicationId}.${randomBytes(CLIENT_ID_BYTES).toString('base64url')}`,
    clientSecret: secret,
  });
}

/** The same client with another redirect URI: a credential of its own, so that tokens of the old one end. */
export function withRedirectUri(
  realm: string,
  subscriptionId: string,
  credential: OAuth2Credential,
  redirectUri: string | null,
): OAuth2Credential {
  return at(realm, subscriptionId, redirectUri, credential);
}

function at(
  realm: string,
  subscriptionId: string,
  redirectUri: string | null,
  client: Omit<OAuth2Credential, 'id' | 'redirectUris'>,
): OAuth2Credential {
  const uri = redirectUri ?? NO_REDIRECT_URI;
  return { ...client, id: credentialId(realm, subscriptionId, client.clientId, uri), redirectUris: [uri] };
}
