import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { entityId, Secret } from '#config';
import type { Consumer, KeyCredential } from './consumer.js';

const KEY_BYTES = 32;
const SLUG_LENGTH = 40;
const SUFFIX_LENGTH = 10;
/** Kong's own names, those of the topology, and those that other consumers of ours are given. */
const RESERVED = /^(admin|root|system|guest|tier|kong|keycloak|user|service-account|anonymous)(-|$)/;

/** Which APIs a registered client may reach: an ACL group of the topology. */
const GROUP = 'registered';

/** What a machine client says of itself. */
export interface Registration {
  readonly clientName: string;
  readonly email: string;
}

/** The same address however it was typed: one person, one registration. */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/** A name for the consumer that people recognise and nobody else has: the client's name in plain letters, and an id. */
export function usernameOf(clientName: string, suffix: string): string {
  const plain = clientName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, '');
  const slug = plain === '' ? 'client' : plain;
  return `${RESERVED.test(slug) ? `client-${slug}` : slug}-${suffix}`;
}

/** A client as it should be in Kong, with a key that was never seen before. */
export function newClient(realm: string, { clientName, email }: Registration): Consumer {
  const ourId = randomUUID();
  return {
    id: entityId('consumer', realm, `client:${ourId}`),
    origin: 'registration',
    username: usernameOf(clientName, ourId.replaceAll('-', '').slice(0, SUFFIX_LENGTH)),
    customId: normaliseEmail(email),
    tags: ['client'],
    groups: [GROUP],
    limits: undefined,
    credentials: [newClientKey(realm)],
  };
}

/**
 * A credential with a key that was never seen before. Its id is new as well: Kong forgets a key for certain when the
 * credential is deleted, not when it is written over.
 */
export function newClientKey(realm: string): KeyCredential {
  return {
    kind: 'key-auth',
    id: entityId('credential', realm, `client-key:${randomUUID()}`),
    key: new Secret(randomBytes(KEY_BYTES).toString('base64url')),
  };
}

/** What tells one request from another that has the same Idempotency-Key. */
export function registrationHash({ clientName, email }: Registration): Buffer {
  return sha256(JSON.stringify([clientName, normaliseEmail(email)]));
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
