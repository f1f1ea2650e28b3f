import { createHash } from 'node:crypto';

const NAMESPACE = Buffer.from('a15da4d23a3b5ac0bc0cd1b9c9b0a3c2', 'hex');

/** The same name gives the same id at every load (RFC 9562 §5.5). */
export function idFor(kind: string, name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(`${kind}:${name}`).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
