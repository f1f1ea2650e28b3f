import { z } from 'zod';

/** What whoami tells. */
export const WHOAMI = {
  id: z.string(),
  username: z.string(),
  kind: z.enum(['guest', 'user', 'application']),
  method: z.enum(['jwt', 'apikey']),
  scopes: z.array(z.string()),
};

export const MODELS = { models: z.array(z.object({ id: z.string(), owned_by: z.string().optional() })) };

/** `GET /v1/models` of OpenAI's API. */
export const MODEL_LIST = z.object({
  data: z.array(z.object({ id: z.string(), owned_by: z.string().optional() })),
});

export const CHAT_INPUT = {
  model: z.string().min(1).max(200).describe('Id of a model that list_models names.'),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['system', 'user', 'assistant']),
        content: z.string().min(1),
      }),
    )
    .min(1)
    .max(200)
    .describe('What was said so far, the question last.'),
  max_tokens: z.number().int().min(1).optional().describe('Longest answer, in tokens.'),
  temperature: z.number().min(0).max(2).optional(),
};

export const CHAT = {
  model: z.string(),
  content: z.string(),
  finish_reason: z.string().nullable(),
};

/** `POST /v1/chat/completions` of OpenAI's API. */
export const COMPLETION = z.object({
  model: z.string(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullable() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
});

export const LIST_MEDIA_INPUT = {
  limit: z.number().int().min(1).max(100).optional(),
  cursor: z.uuid().optional().describe('`next_cursor` of the list before, for the files after those.'),
};

/** Of media-api, and what list_media tells. */
export const MEDIA = {
  items: z.array(
    z.object({
      id: z.string(),
      filename: z.string().nullable(),
      type: z.string(),
      bytes: z.number(),
      created_at: z.string(),
    }),
  ),
  next_cursor: z.string().nullable(),
};
