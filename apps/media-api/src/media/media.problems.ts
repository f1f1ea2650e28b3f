import { defineProblem } from '#problem';
import { MEDIA_TYPES } from './media-types.js';

export const MediaNotFound = defineProblem({
  type: 'media/not-found',
  status: 404,
  title: 'No such file',
  detail: 'You have no file with this id. GET /media lists those you have.',
  help: 'There is none with this id, or it is another principal’s: which of the two is not said.',
});

export const MediaTooLarge = defineProblem<{ maxBytes: number }>({
  type: 'media/too-large',
  status: 413,
  title: 'File too large',
  detail: ({ maxBytes }) => `A file may have at most ${maxBytes} bytes. Nothing of this one was kept.`,
  extensions: ({ maxBytes }) => ({ max_bytes: maxBytes }),
  help: 'The upload is longer than MEDIA_MAX_BYTES. It was cut off there and nothing of it is left.',
});

export const TypeNotAllowed = defineProblem<{ type: string }>({
  type: 'media/type-not-allowed',
  status: 415,
  title: 'Type not kept here',
  detail: ({ type }) => `Files of type ${type} are not kept here. These are: ${MEDIA_TYPES.join(', ')}.`,
  extensions: ({ type }) => ({ found: type, allowed: MEDIA_TYPES }),
  help: 'The type that the upload claims, or that was found in it where it claims none, is not among those that are kept. Text must be UTF-8.',
});

export const TypeMismatch = defineProblem<{ claimed: string; found: string }>({
  type: 'media/type-mismatch',
  status: 415,
  title: 'Not the type it claims',
  detail: ({ claimed, found }) =>
    `Content-Type says ${claimed}, the content looks like ${found}. Send the type that it is, or none.`,
  extensions: ({ claimed, found }) => ({ claimed, found }),
  help: 'What the upload claims to be and what its bytes say do not agree, so a browser could be led to take it for something else.',
});

export const QuotaReached = defineProblem<{ maxObjects: number; maxBytes: number }>({
  type: 'media/quota-reached',
  status: 409,
  title: 'Quota reached',
  detail: ({ maxObjects, maxBytes }) =>
    `You may keep ${maxObjects} files of ${maxBytes} bytes together, and this one would be beyond that. Delete some first.`,
  extensions: ({ maxObjects, maxBytes }) => ({ max_objects: maxObjects, max_bytes: maxBytes }),
  help: 'A principal keeps at most MEDIA_QUOTA_OBJECTS files and MEDIA_QUOTA_BYTES, a guest MEDIA_GUEST_QUOTA_OBJECTS and MEDIA_GUEST_QUOTA_BYTES. Uploads under way count.',
});

export const RangeNotSatisfiable = defineProblem<{ bytes: number }>({
  type: 'media/range-not-satisfiable',
  status: 416,
  title: 'No such range',
  detail: ({ bytes }) => `The file has ${bytes} bytes; the range that was asked for begins after them.`,
  extensions: ({ bytes }) => ({ bytes }),
  headers: ({ bytes }) => ({ 'content-range': `bytes */${bytes}` }),
  help: 'RFC 9110 §15.5.17. Content-Range says how long the file is.',
});

export const PreconditionFailed = defineProblem({
  type: 'media/precondition-failed',
  status: 412,
  title: 'Precondition failed',
  detail: 'If-Match or If-Unmodified-Since does not hold for this file.',
  help: 'RFC 9110 §15.5.13. A file never changes; its ETag is its id.',
});
