import { randomBytes } from 'node:crypto';

const LATEST_MS = 2 ** 48 - 1;

/**
 * A new object's id: a UUID of version 8 (RFC 9562 §5.8) that begins with the time left until the end of its 48 bits, and
 * is random after that. Names in a store come in ascending order, so this way the newest come first in any of them, page
 * by page, and nobody guesses one.
 */
export function newMediaId(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(LATEST_MS - now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20]].map(([from, to]) => hex.slice(from, to)).join('-');
}

/** When the id was made, to the millisecond. */
export function madeAt(id: string): Date {
  return new Date(LATEST_MS - Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
}
