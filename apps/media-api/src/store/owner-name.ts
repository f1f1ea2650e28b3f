import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What a principal's objects are filed under: its id where that is a UUID, as Keycloak's are, so that an operator finds
 * them; else a hash of it, since an id may have any character, a slash and dots among them.
 */
export function ownerName(principalId: string): string {
  return UUID.test(principalId) ? principalId : `h-${createHash('sha256').update(principalId).digest('hex')}`;
}
