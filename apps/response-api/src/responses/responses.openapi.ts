import { bodySchema, type SchemaObject } from '#service';
import { RESPONSE_REQUEST } from './response-request.js';

const MODEL = 'qwen/qwen2.5-0.5b-instruct';
const ID = 'resp_0123456789abcdef0123456789abcdef';

export const RESPONSE_BODY = {
  description: 'What is not named here is refused by name.',
  schema: bodySchema(RESPONSE_REQUEST),
  examples: {
    'a question': { value: { model: MODEL, input: 'Say hello.' } },
    'one after it': { value: { model: MODEL, input: 'And again.', previous_response_id: ID } },
    'word by word, not kept': { value: { model: MODEL, input: 'Say hello.', stream: true, store: false } },
  },
};

const text = { type: 'string' };
const textOrNull = { type: 'string', nullable: true };
const numberOrNull = { type: 'number', nullable: true };
const count = { type: 'integer', minimum: 0 };
const object = (properties: Record<string, SchemaObject>, more: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
  ...more,
});

const PART = object({
  type: { ...text, enum: ['output_text'] },
  text,
  annotations: { type: 'array', items: {}, maxItems: 0 },
});

const MESSAGE = object({
  id: text,
  type: { ...text, enum: ['message'] },
  role: { ...text, enum: ['assistant'] },
  status: { ...text, enum: ['completed', 'incomplete'] },
  content: { type: 'array', items: PART },
});

const RESPONSE = object({
  id: { ...text, example: ID },
  object: { ...text, enum: ['response'] },
  created_at: { type: 'integer', description: 'Seconds since 1970.' },
  status: { ...text, enum: ['completed', 'incomplete'] },
  error: { type: 'object', nullable: true },
  incomplete_details: object({ reason: text }, { nullable: true }),
  instructions: textOrNull,
  metadata: { type: 'object', additionalProperties: text },
  temperature: numberOrNull,
  top_p: numberOrNull,
  max_output_tokens: { type: 'integer', nullable: true },
  store: { type: 'boolean' },
  model: { ...text, example: MODEL },
  previous_response_id: textOrNull,
  output: { type: 'array', items: MESSAGE },
  parallel_tool_calls: { type: 'boolean' },
  tool_choice: { ...text, enum: ['none'] },
  tools: { type: 'array', items: {}, maxItems: 0 },
  usage: object(
    {
      input_tokens: count,
      input_tokens_details: object({ cached_tokens: count }),
      output_tokens: count,
      output_tokens_details: object({ reasoning_tokens: count }),
      total_tokens: count,
    },
    { nullable: true },
  ),
});

export const KEPT_ANSWER = { description: 'The response.', schema: RESPONSE };

export const RESPONSE_ANSWER = {
  description: 'The response; with `stream: true` as the named events of the Responses API.',
  content: {
    'application/json': { schema: RESPONSE },
    'text/event-stream': {
      schema: {
        ...text,
        example: 'event: response.output_text.delta\ndata: {"type":"…","delta":"Hello."}\n\n',
      },
    },
  },
};

export const DELETED_ANSWER = {
  description: 'It is gone.',
  schema: object({
    id: { ...text, example: ID },
    object: { ...text, enum: ['response'] },
    deleted: { type: 'boolean', enum: [true] },
  }),
};
