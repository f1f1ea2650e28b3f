import type { ByteRange, MediaObject } from '../store/index.js';
import type { Validators } from './conditions.js';
import { disposition } from './filename.js';
import { findType } from './media-types.js';

export function validatorsOf({ id, createdAt }: MediaObject): Validators {
  return { etag: `"${id}"`, lastModified: createdAt };
}

/** Sent with 200 and 206 and with 304 (RFC 9110 §15.4.5). Another's cache must not have it, and a deleted file ends. */
export function validatorHeaders(object: MediaObject): Record<string, string> {
  return { etag: validatorsOf(object).etag, 'cache-control': 'private, no-cache' };
}

/**
 * Headers of a content. What can hold scripts is only ever a download, and runs in a sandbox if it is opened all the same:
 * it comes from the origin of the API.
 */
export function contentHeaders(object: MediaObject, range?: ByteRange): Record<string, string> {
  const { type, bytes, filename, createdAt } = object;
  const kind = findType(type);
  const { first, last } = range ?? { first: 0, last: bytes - 1 };
  return {
    ...validatorHeaders(object),
    'content-type': type.startsWith('text/') ? `${type}; charset=utf-8` : type,
    'content-length': String(last - first + 1),
    'last-modified': createdAt.toUTCString(),
    'accept-ranges': 'bytes',
    'content-disposition': disposition(kind?.inline === true ? 'inline' : 'attachment', filename),
    ...(kind?.active === false ? {} : { 'content-security-policy': 'sandbox' }),
    ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${bytes}` }),
  };
}
