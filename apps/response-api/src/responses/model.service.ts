import { Inject, Injectable } from '@nestjs/common';
import { LAST_EVENT, type OpenAiError, readEvents } from '#openai';
import { type OnBehalf, ServiceClient, ServiceUnreachable } from '#service';
import type { ChatMessage, Completion } from './response.js';
import { REFUSALS, refusalOf } from './responses.problems.js';
import { RESPONSES_OPTIONS, type ResponsesOptions } from './responses.options.js';

const PATH = '/v1/chat/completions';
/** llm-api ends a chat that does not begin after two minutes; a little later we stop waiting for that. */
const TIMEOUT_MS = 125_000;

export interface Chat {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [more: string]: unknown;
}

interface Chunk {
  readonly error?: OpenAiError;
  readonly model?: string;
  readonly choices?: readonly {
    readonly message?: { readonly content?: string | null };
    readonly delta?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Completion['usage'] | null;
}

/** Asks llm-api, in the name of whoever asks us. */
@Injectable()
export class ModelService {
  private readonly llmApi: ServiceClient;

  constructor(@Inject(RESPONSES_OPTIONS) private readonly options: ResponsesOptions) {
    this.llmApi = new ServiceClient(options.llmApi);
  }

  /** @throws {Problem} ServiceUnreachable, or one that llm-api answered @throws {unknown} the signal's reason */
  async complete(chat: Chat, errand: OnBehalf): Promise<Completion> {
    const answer = await this.ask(chat, errand);
    const { model = chat.model, choices, usage } = (await this.guarded(() => answer.json(), errand)) as Chunk;
    const [first] = choices ?? [];
    return {
      model,
      text: first?.message?.content ?? '',
      finishReason: first?.finish_reason ?? null,
      usage: usage ?? undefined,
    };
  }

  /** Yields the text as it comes; returns what it all was. @throws {Problem} as `complete`, also while it goes on */
  async *stream(chat: Chat, errand: OnBehalf): AsyncGenerator<string, Completion> {
    const wishes = { stream: true, stream_options: { include_usage: true } };
    const { body } = await this.ask({ ...chat, ...wishes }, errand);
    let [text, model, finishReason, usage] = ['', chat.model, null, undefined] as [
      string,
      string,
      string | null,
      Completion['usage'],
    ];
    const events = readEvents(body ?? emptyBody());
    for (;;) {
      const next = await this.guarded(() => events.next(), errand);
      if (next.done) throw ServiceUnreachable({ service: this.options.llmApi.name });
      if (next.value === LAST_EVENT) return { model, text, finishReason, usage };
      const chunk = JSON.parse(next.value) as Chunk;
      if (chunk.error !== undefined) throw REFUSALS[502]({ error: chunk.error });
      model = chunk.model ?? model;
      usage = chunk.usage ?? usage;
      const [choice] = chunk.choices ?? [];
      finishReason = choice?.finish_reason ?? finishReason;
      const more = choice?.delta?.content ?? '';
      text += more;
      if (more !== '') yield more;
    }
  }

  private async ask(body: Chat, errand: OnBehalf): Promise<Response> {
    const answer = await this.llmApi.call(PATH, { ...errand, method: 'POST', body, timeoutMs: TIMEOUT_MS });
    if (answer.ok) return answer;
    const problem = (await this.guarded(() => answer.json(), errand)) as { error?: OpenAiError };
    const retryAfter = answer.headers.get('retry-after') ?? '5';
    const refusal = problem.error && refusalOf(answer.status, problem.error, retryAfter);
    if (refusal !== undefined) throw refusal;
    const cause = new Error(`llm-api answers ${answer.status}: ${problem.error?.message ?? ''}`);
    throw ServiceUnreachable({ service: this.options.llmApi.name }, { cause });
  }

  /** An answer that breaks off is none. */
  private async guarded<T>(work: () => Promise<T>, { signal }: OnBehalf): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      signal.throwIfAborted();
      throw ServiceUnreachable({ service: this.options.llmApi.name }, { cause });
    }
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // A stream without a body has no events.
}
