import type { ApiOperationOptions, ApiResponseCommonMetadata } from '@nestjs/swagger';
import { MEDIA_TYPES } from './media-types.js';

type RequestBody = NonNullable<ApiOperationOptions['requestBody']>;
type AnswerHeaders = NonNullable<ApiResponseCommonMetadata['headers']>;

const BYTES = { type: 'string', format: 'binary' } as const;
const binary = Object.fromEntries(MEDIA_TYPES.map((type) => [type, { schema: BYTES }]));

/** The bytes themselves under their own type, or as the one part of a form. */
export const UPLOAD_BODY: RequestBody = {
  required: true,
  description:
    'The file itself. Without a Content-Type, or with application/octet-stream, the type is what is found in it.',
  content: {
    ...binary,
    'application/octet-stream': { schema: BYTES },
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: { file: BYTES },
        required: ['file'],
        additionalProperties: false,
      },
    },
  },
};

export const CONTENT = binary;

const header = (description: string, required = true): AnswerHeaders[string] => ({
  required,
  description,
  schema: { type: 'string' },
});

/** Of every answer about a content, with or without it. */
export const VALIDATORS: AnswerHeaders = {
  ETag: header('For If-None-Match, If-Match and If-Range. A file never changes, so it is its id.'),
  'Cache-Control': header('`private, no-cache`: to be asked about again each time.'),
};

export const CONTENT_HEADERS: AnswerHeaders = {
  ...VALIDATORS,
  'Last-Modified': header('When it was stored.'),
  'Accept-Ranges': header('`bytes`'),
  'Content-Length': header('In bytes.'),
  'Content-Disposition': header('`inline` or `attachment`, and the file name if it has one.'),
  'Content-Security-Policy': header('`sandbox`, for types that can hold scripts.', false),
};

export const RANGE_HEADERS: AnswerHeaders = {
  ...CONTENT_HEADERS,
  'Content-Range': header('Which bytes of how many, such as `bytes 0-99/1234`.'),
};
