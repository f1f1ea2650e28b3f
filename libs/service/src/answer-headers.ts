import type { ApiResponseCommonMetadata } from '@nestjs/swagger';

type AnswerHeaders = NonNullable<ApiResponseCommonMetadata['headers']>;

/** Declares that no cache may keep the answer, because it shows a secret (RFC 6749 §5.1, RFC 9111 §5.2.2.5). */
export const NO_STORE: AnswerHeaders = {
  'Cache-Control': {
    required: true,
    description: 'The answer shows a secret.',
    schema: { type: 'string', enum: ['no-store'] },
  },
};

/** Declares where the thing just made can be read (RFC 9110 §10.2.2). */
export const LOCATION: AnswerHeaders = {
  Location: {
    required: true,
    description: 'Where to read what was made.',
    schema: { type: 'string', format: 'uri-reference' },
  },
};
