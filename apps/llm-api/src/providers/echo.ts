import type { ChatMessage, ChatRequest, Model } from './provider.js';

const OWNER = 'gatehouse-echo';
/** The echo never says more, however much it is told. */
const MAX_ANSWER_TOKENS = 4096;
const SAYS = 'I am the built-in echo of Gatehouse, not a language model; no provider is set up. You said:';

/** The models that the echo answers for, and says of that it is no model. */
export const ECHO_MODELS: readonly Model[] = ['echo', 'qwen/qwen2.5-0.5b-instruct'].map((id) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: OWNER,
  description: 'Served by the built-in echo, which repeats what it is told. It is no language model.',
}));

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** An answer of the echo, word by word. */
export interface EchoAnswer {
  /** With the blanks behind them: together they are the text. */
  readonly words: readonly string[];
  readonly finishReason: 'stop' | 'length';
  readonly usage: Usage;
}

/** Repeats what was said last. A token of the echo is a word: whatever stands between blanks. */
export function echo(request: ChatRequest): EchoAnswer {
  const said = request.messages.findLast(({ role }) => role === 'user') ?? request.messages.at(-1);
  const all = wordsOf(`${SAYS} ${said === undefined ? '' : textOf(said)}`);
  const words = all.slice(0, limitOf(request));
  const prompt = request.messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0);
  return {
    words: [...words.slice(0, -1), ...words.slice(-1).map((word) => word.trimEnd())],
    finishReason: words.length < all.length ? 'length' : 'stop',
    usage: {
      prompt_tokens: prompt,
      completion_tokens: words.length,
      total_tokens: prompt + words.length,
    },
  };
}

function limitOf({ max_completion_tokens: newer, max_tokens: older }: ChatRequest): number {
  const given = [newer, older].find((value): value is number => Number.isInteger(value) && Number(value) > 0);
  return Math.min(given ?? MAX_ANSWER_TOKENS, MAX_ANSWER_TOKENS);
}

function wordsOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** The text of a message; pictures and the like have none. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => (typeof text === 'string' ? text : '')).join(' ');
}
