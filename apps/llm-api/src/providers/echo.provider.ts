import { randomUUID } from 'node:crypto';
import { echo, ECHO_MODELS } from './echo.js';
import type { ChatRequest, Model, Provider } from './provider.js';
import { ModelNotFound } from './providers.problems.js';

/** Answers where no provider is set up, so that everything before it can be tried. */
export class EchoProvider implements Provider {
  readonly name = 'echo';

  models(): Promise<readonly Model[]> {
    return Promise.resolve(ECHO_MODELS);
  }

  chat(request: ChatRequest): Promise<object> {
    return asPromise(() => {
      const { words, finishReason, usage } = this.answer(request);
      const message = { role: 'assistant', content: words.join(''), refusal: null };
      const choice = { index: 0, message, logprobs: null, finish_reason: finishReason };
      return { ...head(request, 'chat.completion'), choices: [choice], usage };
    });
  }

  stream(request: ChatRequest): Promise<AsyncIterable<string>> {
    return asPromise(() => chunks(request, this.answer(request)));
  }

  /** @throws {Problem} ModelNotFound */
  private answer(request: ChatRequest): ReturnType<typeof echo> {
    const { model } = request;
    if (!ECHO_MODELS.some(({ id }) => id === model)) throw ModelNotFound({ model });
    return echo(request);
  }
}

async function* chunks(
  request: ChatRequest,
  { words, finishReason, usage }: ReturnType<typeof echo>,
): AsyncGenerator<string, void> {
  const start = head(request, 'chat.completion.chunk');
  const includeUsage = request.stream_options?.include_usage === true;
  const chunk = (choices: readonly object[], used: object | null = null) =>
    JSON.stringify({ ...start, choices, ...(includeUsage ? { usage: used } : {}) });
  const choice = (delta: object, reason: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: reason }]);
  yield choice({ role: 'assistant', content: '' });
  for (const content of words) yield choice({ content });
  yield choice({}, finishReason);
  if (includeUsage) yield await Promise.resolve(chunk([], usage));
}

function head({ model }: ChatRequest, object: string): object {
  return { id: `chatcmpl-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function asPromise<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
