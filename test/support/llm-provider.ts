import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Body } from './client.js';

/** A request as a provider of models got it. */
export interface ProviderRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
  readonly response: ServerResponse;
  /** Resolves when its connection is closed before the answer was out. */
  readonly cut: Promise<void>;
}

type Answer = (request: ProviderRequest) => unknown;

/** The answer of the provider where a test says nothing else. */
export const SAID = 'Said by the provider.';

/** A server that speaks the OpenAI API, as real as one needs to be: HTTP, and answers that a test writes. */
export class LlmProvider {
  readonly requests: ProviderRequest[] = [];
  /** How the next chats are answered. */
  answer: Answer = sayIt;
  /** How the next lists of models are answered. */
  list: Answer = ({ response }) => json(response, 200, { object: 'list', data: [{ id: 'gpt-x' }] });

  private constructor(private readonly server: Server) {}

  static async start(): Promise<LlmProvider> {
    const server = createServer();
    const provider = new LlmProvider(server);
    server.on('request', (request, response) => void provider.serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** The last request it got. */
  get last(): ProviderRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error('the provider was asked nothing');
    return last;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '', headers } = request;
    const cut = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve();
      });
    });
    response.on('error', () => undefined);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const seen = { path, headers, body: text === '' ? undefined : JSON.parse(text), response, cut };
    this.requests.push(seen);
    await (path.endsWith('/models') ? this.list : this.answer)(seen);
  }
}

/** A provider for the tests of a file; each begins with its usual answers. */
export function useProvider(): () => LlmProvider {
  let provider: LlmProvider | undefined;
  const get = () => {
    if (provider === undefined) throw new Error('the provider is started before the first test');
    return provider;
  };
  let usual: Pick<LlmProvider, 'answer' | 'list'>;
  beforeAll(async () => {
    provider = await LlmProvider.start();
    const { answer, list } = provider;
    usual = { answer, list };
  });
  afterEach(() => {
    Object.assign(get(), usual);
  });
  afterAll(() => provider?.stop());
  return get;
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A failure in OpenAI's form. */
export function refuse(status: number, message: string, headers = {}): Answer {
  const error = { message, type: 'invalid_request_error', param: 'messages', code: 'from_provider' };
  return ({ response }) => json(response, status, { error }, headers);
}

/** Begins a stream; the test goes on with it. */
export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

/** One chunk of a chat as an event. */
export function chunk(content: string): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  return `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
}

function sayIt({ body, response }: ProviderRequest): void {
  if (body.stream === true) {
    beginStream(response);
    response.end(`${SAID.split(' ').map(chunk).join('')}data: [DONE]\n\n`);
    return;
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: SAID }, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 };
  json(response, 200, {
    id: 'c-1',
    object: 'chat.completion',
    created: 1,
    model: body.model,
    choices,
    usage,
  });
}
