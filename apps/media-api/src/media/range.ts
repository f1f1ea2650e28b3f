import type { ByteRange } from '../store/index.js';

/**
 * The part of a content that a `Range` header asks for (RFC 9110 §14.1.2).
 *
 * Undefined: the whole. That is also the answer to what a server may ignore: another unit, something that is no range,
 * several ranges at once. `none`: it begins after the end, so there is nothing to send.
 */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | 'none' | undefined {
  const parts = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '');
  if (parts === null) return undefined;
  const [, first = '', last = ''] = parts;
  if (first === '') return last === '' ? undefined : suffix(Number(last), bytes);
  const range = { first: Number(first), last: last === '' ? Infinity : Number(last) };
  if (range.last < range.first) return undefined;
  return range.first >= bytes ? 'none' : { first: range.first, last: Math.min(range.last, bytes - 1) };
}

function suffix(length: number, bytes: number): ByteRange | 'none' {
  if (length === 0 || bytes === 0) return 'none';
  return { first: Math.max(0, bytes - length), last: bytes - 1 };
}
