import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
/** Bytes from here on would make the first characters of BASE62 likelier than the others. */
const FAIR_BYTES = 256 - (256 % BASE62.length);
const SHOWN_BEYOND_PREFIX = 4;
const SHOWN_SUFFIX = 4;

/** A key as its owner sees it once, and what we keep of it. */
export interface NewKey {
  /** The secret itself: 190 bits of randomness; never stored. */
  readonly key: string;
  /** SHA-256 in hex. No salt and no slow hash: nobody can guess 190 bits. */
  readonly hash: string;
  /** Shown in lists, so that a person can tell keys apart. */
  readonly prefix: string;
  readonly suffix: string;
}

/** What a text is, before any database is asked. */
export type ParsedKey =
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bad-checksum' }
  | { readonly kind: 'key'; readonly hash: string };

/** `<prefix>` + 32 random base62 characters + CRC-32 of all that, as 6 base62 digits, most significant first. */
export function newKey(prefix: string): NewKey {
  const body = prefix + randomBase62(RANDOM_LENGTH);
  const key = body + checksum(body);
  return {
    key,
    hash: sha256(key),
    prefix: key.slice(0, prefix.length + SHOWN_BEYOND_PREFIX),
    suffix: key.slice(-SHOWN_SUFFIX),
  };
}

/** A typing error or an invented key is recognised by its checksum, so that it costs no database read. */
export function parseKey(text: string, prefix: string): ParsedKey {
  const length = prefix.length + RANDOM_LENGTH + CHECKSUM_LENGTH;
  if (text.length !== length || !text.startsWith(prefix)) return { kind: 'malformed' };
  const body = text.slice(0, -CHECKSUM_LENGTH);
  if (!/^[0-9A-Za-z]+$/.test(text.slice(prefix.length))) return { kind: 'malformed' };
  return text.slice(-CHECKSUM_LENGTH) === checksum(body)
    ? { kind: 'key', hash: sha256(text) }
    : { kind: 'bad-checksum' };
}

/** The form of a key as a regular expression, for secret scanners. */
export function keyPattern(prefix: string): string {
  return `^${prefix}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length)
    for (const byte of randomBytes(length))
      if (byte < FAIR_BYTES && text.length < length) text += BASE62.charAt(byte % BASE62.length);
  return text;
}
