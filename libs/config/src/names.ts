import { createHash } from 'node:crypto';

/** Every id that we give to something in Kong is a UUIDv5 in this namespace; the Lua plugins get it by configuration. */
export const NAMESPACE = '8f2c1d5e-6b3a-5c47-9e10-3d7a54b9c0e2';

export type NamedKind = 'service' | 'route' | 'plugin' | 'consumer' | 'credential';

/**
 * The id of something in Kong, computed from ours: create and update are the same PUT, safe to repeat.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.5
 */
export function entityId(kind: NamedKind, realm: string, ourId: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(`${kind}:${realm}:${ourId}`)
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-');
}
