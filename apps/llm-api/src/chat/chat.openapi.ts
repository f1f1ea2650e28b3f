import { bodySchema } from '#service';
import { CHAT_REQUEST } from './chat-request.js';

const ASKED = { model: 'qwen/qwen2.5-0.5b-instruct', messages: [{ role: 'user', content: 'Say hello.' }] };
const SAID = { role: 'assistant', content: 'Hello.' };
const HEAD = { id: 'chatcmpl-1', created: 1_763_900_000, model: ASKED.model };

export const CHAT_BODY = {
  description: 'Fields that are not named here are passed on to the provider of the model as they are.',
  schema: bodySchema(CHAT_REQUEST),
  examples: {
    'one answer': { value: ASKED },
    'word by word': { value: { ...ASKED, stream: true, stream_options: { include_usage: true } } },
  },
};

/** Checked by the provider, passed on by us: so no more is promised here than what each of them answers. */
const COMPLETION = {
  type: 'object',
  required: ['choices'],
  additionalProperties: true,
  properties: {
    id: { type: 'string' },
    object: { type: 'string', example: 'chat.completion' },
    created: { type: 'integer', description: 'Seconds since 1970.' },
    model: { type: 'string' },
    choices: { type: 'array', items: { type: 'object', additionalProperties: true } },
    usage: { type: 'object', additionalProperties: true, nullable: true },
  },
  example: {
    ...HEAD,
    object: 'chat.completion',
    choices: [{ index: 0, message: SAID, finish_reason: 'stop' }],
    usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 },
  },
};

const CHUNK = {
  ...HEAD,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'Hello.' } }],
};

export const CHAT_ANSWER = {
  description: 'The answer; with `stream: true` as server-sent events, of which `[DONE]` is the last.',
  content: {
    'application/json': { schema: COMPLETION },
    'text/event-stream': {
      schema: { type: 'string', example: `data: ${JSON.stringify(CHUNK)}\n\ndata: [DONE]\n\n` },
    },
  },
};
