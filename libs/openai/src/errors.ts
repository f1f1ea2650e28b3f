import type { FieldFault, Problem } from '#problem';

/** What OpenAI's clients read of a failure: `error` in the body of an answer, or in an event of a stream. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** A problem as OpenAI's clients want it: the same message, the field at fault, and a code to switch on. */
export function openAiError({ status, type, detail, extensions }: Problem): OpenAiError {
  const { reason, errors } = extensions as { reason?: unknown; errors?: readonly FieldFault[] };
  const name = typeof reason === 'string' ? reason : (type.split('/')[1] ?? type);
  return {
    message: detail,
    type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: errors?.[0]?.field ?? null,
    code: name.replaceAll('-', '_'),
  };
}

const text = { type: 'string' };

/**
 * For services that speak OpenAI's language: each failure is a problem of RFC 9457 and has its member `error` as well, so
 * that both kinds of client find theirs in one body.
 */
export const OPENAI_ERRORS = {
  of: (problem: Problem) => ({ error: openAiError(problem) }),
  schema: {
    error: {
      type: 'object',
      description: "The same once more, as OpenAI's clients read it.",
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: text,
        type: { ...text, example: 'invalid_request_error' },
        param: { ...text, nullable: true, description: 'The field at fault.' },
        code: { ...text, nullable: true, example: 'model_not_found' },
      },
    },
  },
};
