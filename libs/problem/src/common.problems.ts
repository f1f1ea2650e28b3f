import { defineProblem } from './problem.js';

/** One fault of an input: which field, and what is expected of it. */
export interface FieldFault {
  /** Path of the field, dots between levels; `body` when the whole body is at fault. */
  readonly field: string;
  readonly detail: string;
}

export const ValidationFailed = defineProblem<{ errors: readonly FieldFault[] }>({
  type: 'request/invalid',
  status: 400,
  title: 'Invalid request',
  detail: ({ errors }) => errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
  extensions: ({ errors }) => ({ errors }),
  help: 'A field is missing, unknown, or has a value that is not accepted. `errors` names each field and what is expected of it.',
});

export const MalformedRequest = defineProblem<{ reason: string }>({
  type: 'request/malformed',
  status: 400,
  title: 'Malformed request',
  detail: ({ reason }) => reason,
  help: 'The request could not be read at all, for example because its body is not JSON.',
});

export const NotFound = defineProblem({
  type: 'request/not-found',
  status: 404,
  title: 'Not found',
  detail: 'There is nothing here for you. Check the address; the endpoints are listed at /docs.',
  help: 'No such address, or nothing at it that the caller may know of.',
});

export const MethodNotAllowed = defineProblem<{ allow: string }>({
  type: 'request/method-not-allowed',
  status: 405,
  title: 'Method not allowed',
  detail: ({ allow }) => `This address answers ${allow} only.`,
  headers: ({ allow }) => ({ allow }),
  help: 'The address exists but not for this method; the Allow header lists the methods that work.',
});

export const BodyTooLarge = defineProblem({
  type: 'request/too-large',
  status: 413,
  title: 'Body too large',
  detail: 'The body of this request is larger than this endpoint accepts.',
  help: 'Send less. Bodies of the API are small JSON objects.',
});

export const UnsupportedMediaType = defineProblem({
  type: 'request/unsupported-media-type',
  status: 415,
  title: 'Unsupported media type',
  detail: 'Send the body as application/json.',
  help: 'The Content-Type header names a format that this endpoint does not read.',
});

export const TooManyRequests = defineProblem<{ retryAfterSeconds: number; what: string }>({
  type: 'request/too-many',
  status: 429,
  title: 'Too many requests',
  detail: ({ retryAfterSeconds, what }) => `${what} Try again in ${retryAfterSeconds} s.`,
  headers: ({ retryAfterSeconds }) => ({ 'retry-after': String(retryAfterSeconds) }),
  help: 'A limit is used up. Wait for as long as Retry-After says.',
});

export const RequestRefused = defineProblem<{ status: number; reason: string }>({
  type: 'request/refused',
  status: 400,
  title: 'Request refused',
  detail: ({ reason }) => reason,
  help: 'The HTTP server refused the request before it reached an endpoint.',
});

export const InternalError = defineProblem<{ requestId: string }>({
  type: 'server/internal',
  status: 500,
  title: 'Internal error',
  detail: ({ requestId }) => `Something failed on our side. Quote request ${requestId} when you report it.`,
  help: 'A fault of the server. The log has the cause under the request id.',
});
