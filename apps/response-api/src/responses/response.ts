import type { ResponseInput } from './response-request.js';

export interface ChatMessage {
  readonly role: string;
  readonly content: string | readonly object[];
}

/** What a chat ended with, as far as we look at it. */
export interface Completion {
  readonly model: string;
  readonly text: string;
  readonly finishReason: string | null;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
}

/** A response as it is kept: what was said to it, and what it said. */
export interface KeptResponse {
  /** UUID; clients see `resp_` and its digits. */
  readonly id: string;
  readonly ownerId: string;
  readonly previousId: string | null;
  readonly input: readonly ChatMessage[];
  readonly completion: Completion;
  readonly settings: ResponseSettings;
  readonly createdAt: Date;
}

/** What was asked for, shown again in the answer. */
export interface ResponseSettings {
  readonly instructions: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly temperature: number | null;
  readonly top_p: number | null;
  readonly max_output_tokens: number | null;
  readonly store: boolean;
}

/** What a model said, as PostgreSQL can keep it: `jsonb` takes neither U+0000 nor half of a surrogate pair. */
export function storable(completion: Completion): Completion {
  const clean = (said: string): string => said.replace(/\0|\p{Cs}/gu, '\ufffd');
  const { model, text, finishReason } = completion;
  return {
    ...completion,
    model: clean(model),
    text: clean(text),
    finishReason: finishReason === null ? null : clean(finishReason),
  };
}

const PREFIX = 'resp_';

export function publicId(uuid: string): string {
  return PREFIX + uuid.replaceAll('-', '');
}

/** The UUID behind an id that clients see; undefined when it is none of ours. */
export function uuidOf(id: string): string | undefined {
  const digits = /^resp_([0-9a-f]{32})$/.exec(id)?.[1];
  return digits?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The input as messages of a chat. */
export function messagesOf(input: ResponseInput): readonly ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  return input.map(({ role, content }) => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : plainest(content),
  }));
}

type Parts = Exclude<Exclude<ResponseInput, string>[number]['content'], string>;

/** Texts alone are one text, which every model understands. */
function plainest(parts: Parts): string | readonly object[] {
  const texts = parts.flatMap((part) => (part.type === 'input_image' ? [] : [part.text]));
  if (texts.length === parts.length) return texts.join('\n');
  return parts.map((part) =>
    part.type === 'input_image'
      ? { type: 'image_url', image_url: { url: part.image_url } }
      : { type: 'text', text: part.text },
  );
}

/** The whole chat: instructions are those of this response alone, as OpenAI has it. */
export function conversation(
  instructions: string | null,
  before: readonly Pick<KeptResponse, 'input' | 'completion'>[],
  input: readonly ChatMessage[],
): readonly ChatMessage[] {
  return [
    ...(instructions === null ? [] : [{ role: 'system', content: instructions }]),
    ...before.flatMap(({ input: said, completion }) => [
      ...said,
      { role: 'assistant', content: completion.text },
    ]),
    ...input,
  ];
}

const INCOMPLETE: Readonly<Record<string, string>> = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
};

export type PublicResponse = ReturnType<typeof publicResponse>;

/** A response in OpenAI's shape. */
export function publicResponse({ id, previousId, completion, settings, createdAt }: KeptResponse) {
  const reason = INCOMPLETE[completion.finishReason ?? ''];
  return {
    ...began({ id, previousId, model: completion.model, settings, createdAt }),
    status: reason === undefined ? ('completed' as const) : ('incomplete' as const),
    incomplete_details: reason === undefined ? null : { reason },
    output: [message(id, completion.text, reason === undefined ? 'completed' : 'incomplete')],
    usage: usageOf(completion.usage),
  };
}

/** A response before anything is said. */
export function began(
  response: Pick<KeptResponse, 'id' | 'previousId' | 'settings' | 'createdAt'> & { readonly model: string },
) {
  const { id, previousId, model, settings, createdAt } = response;
  return {
    id: publicId(id),
    object: 'response' as const,
    created_at: Math.floor(createdAt.getTime() / 1000),
    status: 'in_progress' as 'in_progress' | 'completed' | 'incomplete',
    error: null,
    incomplete_details: null as { reason: string } | null,
    ...settings,
    model,
    previous_response_id: previousId === null ? null : publicId(previousId),
    output: [] as ReturnType<typeof message>[],
    parallel_tool_calls: false,
    tool_choice: 'none' as const,
    tools: [] as never[],
    usage: null as ReturnType<typeof usageOf>,
  };
}

/** The one message of a response. */
export function message(id: string, text: string, status: 'in_progress' | 'completed' | 'incomplete') {
  return {
    id: `msg_${id.replaceAll('-', '')}`,
    type: 'message' as const,
    role: 'assistant' as const,
    status,
    content: status === 'in_progress' ? [] : [outputText(text)],
  };
}

export function outputText(text: string) {
  return { type: 'output_text' as const, text, annotations: [] as never[] };
}

function usageOf(usage: Completion['usage']) {
  if (usage === undefined) return null;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
