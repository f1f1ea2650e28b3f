import { z } from 'zod';

const MOST_ITEMS = 1000;
/** PostgreSQL keeps neither in `jsonb`. */
const UNSTORABLE = /\0|\p{Cs}/u;
const STORABLE = z
  .string()
  .refine((value) => !UNSTORABLE.test(value), 'must not contain U+0000 or half of a surrogate pair');
const text = (max: number) => STORABLE.max(max, `must have at most ${max} characters`);
const TEXT = text(512 * 1024);

const PART = z.union([
  z.looseObject({ type: z.enum(['input_text', 'output_text', 'text']), text: TEXT }),
  z.looseObject({ type: z.literal('input_image'), image_url: STORABLE }),
]);

/** A message. Members that an output of ours has beside these (id, status, annotations) may come back with it. */
const MESSAGE = z.looseObject({
  type: z.literal('message', 'must be message: tools and files are not known here').optional(),
  role: z.enum(['user', 'assistant', 'system', 'developer'], 'must be user, assistant, system or developer'),
  content: z.union([TEXT, z.array(PART).min(1, 'must have at least one entry')]),
});

const INPUT = z.union([
  TEXT.min(1, 'must not be empty'),
  z
    .array(MESSAGE)
    .min(1, 'must have at least one entry')
    .max(MOST_ITEMS, `must have at most ${MOST_ITEMS} entries`),
]);

/** What of the Responses API works here. Anything else is refused by name: a tool left out silently would be a lie. */
export const RESPONSE_REQUEST = z.strictObject({
  model: z.string().regex(/^[\x21-\x7e]{1,256}$/, 'must be the name of a model: ASCII without blanks'),
  input: INPUT,
  instructions: TEXT.nullable().optional(),
  metadata: z
    .record(text(64), text(512))
    .refine((all) => Object.keys(all).length <= 16, 'must have at most 16 entries')
    .nullable()
    .optional(),
  previous_response_id: text(64).nullable().optional(),
  store: z.boolean().nullable().optional(),
  stream: z.boolean().nullable().optional(),
  temperature: z.number().min(0, 'must be at least 0').max(2, 'must be at most 2').nullable().optional(),
  top_p: z.number().min(0, 'must be at least 0').max(1, 'must be at most 1').nullable().optional(),
  max_output_tokens: z.int().min(1, 'must be at least 1').nullable().optional(),
});

export type ResponseRequest = z.output<typeof RESPONSE_REQUEST>;
export type ResponseInput = ResponseRequest['input'];
