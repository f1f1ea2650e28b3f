import type { OpenAiError } from '#openai';
import { defineProblem } from '#problem';

export const ModelNotFound = defineProblem<{ model: string }>({
  type: 'llm/model-not-found',
  status: 404,
  title: 'No such model',
  detail: ({ model }) => `There is no model "${model}" here. GET /v1/models lists those there are.`,
  help: 'No provider has a model of this name. Models of a provider with a prefix are called prefix/name.',
});

/** The provider says that the request is at fault: its words and its status are passed on. */
const refusedByProvider = (status: number, name: string, title: string) =>
  defineProblem<{ error: OpenAiError }>({
    type: `llm/${name}`,
    status,
    title,
    detail: ({ error }) => error.message,
    extensions: ({ error }) => ({ error }),
    help: 'The provider of the model does not accept the request; `detail` and `error` are its own words.',
  });

/** By the status of the provider's answer. With any other status it is not the caller who is at fault. */
export const REFUSALS = {
  400: refusedByProvider(400, 'refused-by-provider', 'Refused by the provider'),
  404: refusedByProvider(404, 'not-found-at-provider', 'Not found at the provider'),
  413: refusedByProvider(413, 'too-large-for-provider', 'Too large for the provider'),
  422: refusedByProvider(422, 'not-processed-by-provider', 'Not processed by the provider'),
} as const;

export const ProviderFailed = defineProblem<{ provider: string }>({
  type: 'llm/provider-failed',
  status: 502,
  title: 'The provider failed',
  detail: ({ provider }) =>
    `The provider "${provider}" of this model failed. Try again, or use another model.`,
  extensions: ({ provider }) => ({ provider }),
  help: 'The provider answered with a fault of its own, refused our key, or sent something that is no answer of the OpenAI API. The log names its status; look at LLM_PROVIDER_URL and LLM_PROVIDER_KEY.',
});

export const ProviderUnavailable = defineProblem<{ provider: string; retryAfterSeconds?: number }>({
  type: 'llm/provider-unavailable',
  status: 503,
  title: 'The provider is unavailable',
  detail: ({ provider }) =>
    `The provider "${provider}" of this model takes no requests now. Try again shortly.`,
  extensions: ({ provider }) => ({ provider }),
  headers: ({ retryAfterSeconds = 5 }) => ({ 'retry-after': String(retryAfterSeconds) }),
  help: 'The provider cannot be reached, is overloaded, or our share of it is used up (its 429 is ours, not the caller’s).',
});

export const ProviderTooSlow = defineProblem<{ provider: string }>({
  type: 'llm/provider-too-slow',
  status: 504,
  title: 'The provider is too slow',
  detail: ({ provider }) => `The provider "${provider}" of this model did not answer in time. Try again.`,
  extensions: ({ provider }) => ({ provider }),
  help: 'Longer than LLM_CONNECT_TIMEOUT_MS to connect, LLM_FIRST_BYTE_TIMEOUT_MS to begin, or LLM_IDLE_TIMEOUT_MS of silence in between.',
});
