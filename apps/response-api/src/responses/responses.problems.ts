import type { OpenAiError } from '#openai';
import { defineProblem, type Problem } from '#problem';

export const ResponseNotFound = defineProblem({
  type: 'responses/not-found',
  status: 404,
  title: 'No such response',
  detail:
    'You have no response with this id. Those that are deleted, expired, or were not stored cannot be read or continued.',
  help: 'The same answer for a response that does not exist and for one of another person; also when a response that is continued, or one before it, is gone.',
});

export const ResponseLimitReached = defineProblem<{ limit: number }>({
  type: 'responses/limit-reached',
  status: 409,
  title: 'Too many responses kept',
  detail: ({ limit }) => `You have ${limit} stored responses. Delete some, or send "store": false.`,
  extensions: ({ limit }) => ({ limit }),
  help: 'RESPONSES_MAX_PER_OWNER bounds what is kept for one person or application, RESPONSES_MAX_PER_GUEST for a guest.',
});

export const ConversationTooLong = defineProblem({
  type: 'responses/too-long',
  status: 413,
  title: 'Conversation too long',
  detail:
    'This response and those that it continues are more than a model is sent at once. Begin a new conversation.',
  help: 'At most 100 responses in a row, and 3 MB of text.',
});

/** llm-api, or the provider behind it, does not accept the chat: its words are passed on. */
const refusedByModel = (status: number, name: string) =>
  defineProblem<{ error: OpenAiError }>({
    type: `responses/${name}`,
    status,
    title: 'Refused by the model',
    detail: ({ error }) => error.message,
    extensions: ({ error }) => ({ error }),
    help: 'llm-api answered with this status; `detail` and `error` are its own words.',
  });

export const REFUSALS = {
  400: refusedByModel(400, 'refused-by-model'),
  404: refusedByModel(404, 'model-not-found'),
  422: refusedByModel(422, 'not-processed-by-model'),
  502: refusedByModel(502, 'model-failed'),
  504: refusedByModel(504, 'model-too-slow'),
} as const;

export const ModelUnavailable = defineProblem<{ error: OpenAiError; retryAfter: string }>({
  type: 'responses/model-unavailable',
  status: 503,
  title: 'The model is unavailable',
  detail: ({ error }) => error.message,
  extensions: ({ error }) => ({ error }),
  headers: ({ retryAfter }) => ({ 'retry-after': retryAfter }),
  help: 'llm-api answers, and its provider does not.',
});

/** What llm-api said as a problem of ours; undefined where its answer is no word about this chat. */
export function refusalOf(status: number, error: OpenAiError, retryAfter: string): Problem | undefined {
  if (status === 503) return ModelUnavailable({ error, retryAfter });
  return status in REFUSALS ? REFUSALS[status as keyof typeof REFUSALS]({ error }) : undefined;
}
