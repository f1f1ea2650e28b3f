import type { IncomingMessage } from 'node:http';
import { LAST_EVENT, readEvents } from '#openai';
import { Problem } from '#problem';
import type { ProviderAddress } from './address.js';
import type { ChatRequest, Model, Provider } from './provider.js';
import { ask, bodyOf, NoAnswer } from './provider.http.js';
import { ProviderFailed, ProviderTooSlow, ProviderUnavailable, REFUSALS } from './providers.problems.js';
import type { ProviderTimeouts } from './providers.options.js';
import { errorOf, isModel, retryAfter } from './server-answer.js';

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** A list is no work for a provider. */
const LIST_TIMEOUT_MS = 10_000;

/** Any server that speaks the OpenAI API. It is told what is asked and our key, and nothing of who asks. */
export class ServerProvider implements Provider {
  readonly name: string;

  constructor(
    private readonly address: ProviderAddress,
    private readonly timeouts: ProviderTimeouts,
  ) {
    this.name = address.prefix ?? 'default';
  }

  async models(): Promise<readonly Model[]> {
    const firstByteMs = Math.min(LIST_TIMEOUT_MS, this.timeouts.firstByteMs);
    const answer = await this.ask('/models', { ...this.timeouts, firstByteMs }, {});
    const { data } = (await this.json(answer)) as { data?: unknown };
    if (!Array.isArray(data)) throw this.failed('its list of models is none');
    return data.filter(isModel);
  }

  async chat(request: ChatRequest, signal: AbortSignal): Promise<object> {
    return this.json(await this.post(request, signal), signal);
  }

  async stream(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const answer = await this.post(request, signal);
    if (!answer.headers['content-type']?.startsWith('text/event-stream')) {
      answer.destroy();
      throw this.failed('answers a stream with something else');
    }
    return this.chunks(answer, signal);
  }

  private async *chunks(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<string, void> {
    try {
      for await (const data of readEvents(bodyOf(answer, this.timeouts.idleMs, signal))) {
        if (data === LAST_EVENT) return;
        yield data;
      }
    } catch (error) {
      throw this.problemOf(error);
    }
    throw this.failed('its stream ended before its end');
  }

  private post(request: ChatRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return this.ask('/chat/completions', this.timeouts, { body: JSON.stringify(request), signal });
  }

  private async ask(
    path: string,
    timeouts: ProviderTimeouts,
    { body, signal }: { body?: string; signal?: AbortSignal },
  ): Promise<IncomingMessage> {
    const { url, key } = this.address;
    const headers = {
      accept: 'application/json, text/event-stream',
      'user-agent': 'gatehouse-llm-api',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key.reveal()}` }),
    };
    const target = new URL(url);
    target.pathname = target.pathname.replace(/\/+$/, '') + path;
    try {
      const answer = await ask({ url: target, headers, body, timeouts, signal });
      if (answer.statusCode === 200) return answer;
      throw await this.refusal(answer, signal);
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  /** Whose fault is it: the caller's is passed on in the provider's words, everything else is not his to know. */
  private async refusal(answer: IncomingMessage, signal?: AbortSignal): Promise<Problem> {
    const { statusCode: status = 0, headers } = answer;
    const { key, url } = this.address;
    const error = errorOf(await this.text(answer, signal), [key?.reveal(), url.href, url.host]);
    const refused = REFUSALS[status as keyof typeof REFUSALS];
    if (refused !== undefined && error !== undefined) return refused({ error });
    if (status !== 429 && status !== 503) return this.failed(`answers ${status}`);
    const retryAfterSeconds = retryAfter(headers['retry-after']);
    const cause = new Error(`provider ${this.name} answers ${status}`);
    return ProviderUnavailable({ provider: this.name, retryAfterSeconds }, { cause });
  }

  private async json(answer: IncomingMessage, signal?: AbortSignal): Promise<object> {
    const text = await this.text(answer, signal).catch((error: unknown) => {
      throw this.problemOf(error);
    });
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // Said below: what it sent may be anything, and is not repeated.
    }
    throw this.failed('its answer is no JSON object');
  }

  private async text(answer: IncomingMessage, signal?: AbortSignal): Promise<string> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of bodyOf(answer, this.timeouts.idleMs, signal)) {
      length += part.length;
      if (length > MAX_ANSWER_BYTES) throw this.failed('its answer is too long');
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }

  private problemOf(error: unknown): unknown {
    if (!(error instanceof NoAnswer))
      return error instanceof Problem ? error : this.failed((error as Error).message);
    const cause = new Error(`provider ${this.name} is ${error.message}`);
    if (error.kind === 'late') return ProviderTooSlow({ provider: this.name }, { cause });
    if (error.kind === 'unreachable') return ProviderUnavailable({ provider: this.name }, { cause });
    return ProviderFailed({ provider: this.name }, { cause });
  }

  private failed(what: string): Problem {
    return ProviderFailed({ provider: this.name }, { cause: new Error(`provider ${this.name}: ${what}`) });
  }
}
