/** A model: what OpenAI says of one, and whatever else its provider does. */
const MODEL = {
  type: 'object',
  required: ['id', 'object', 'created', 'owned_by'],
  additionalProperties: true,
  properties: {
    id: { type: 'string' },
    object: { type: 'string', enum: ['model'] },
    created: { type: 'integer', description: 'Seconds since 1970.' },
    owned_by: { type: 'string' },
  },
};

const EXAMPLE = { id: 'qwen/qwen2.5-0.5b-instruct', object: 'model', created: 0, owned_by: 'gatehouse-echo' };

export const MODEL_ANSWER = { description: 'The model.', schema: { ...MODEL, example: EXAMPLE } };

export const MODELS_ANSWER = {
  description: 'The models of all providers that answer.',
  schema: {
    type: 'object',
    required: ['object', 'data'],
    additionalProperties: false,
    properties: {
      object: { type: 'string', enum: ['list'] },
      data: { type: 'array', items: MODEL },
    },
    example: { object: 'list', data: [EXAMPLE] },
  },
};
