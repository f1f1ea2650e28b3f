import { z } from 'zod';

const MODEL_NAME = /^[\x21-\x7e]{1,256}$/;
const MOST_MESSAGES = 10_000;

const MESSAGE = z.looseObject({
  role: z.string().min(1, 'must not be empty').max(64, 'must have at most 64 characters'),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string() }))])
    .nullable()
    .optional(),
});

/**
 * What we must know of a chat to pass it on. Everything else is the provider's to judge, as its API grows faster than we
 * do: unlike all other bodies of ours this one is open to unknown fields.
 */
export const CHAT_REQUEST = z.looseObject({
  model: z.string().regex(MODEL_NAME, 'must be the name of a model: ASCII without blanks'),
  messages: z
    .array(MESSAGE)
    .min(1, 'must have at least one entry')
    .max(MOST_MESSAGES, `must have at most ${MOST_MESSAGES} entries`),
  stream: z.boolean().nullable().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullable().optional(),
});
