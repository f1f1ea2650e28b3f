import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { beginStream, chunk, SAID, useProvider } from '../../support/llm-provider.js';
import { caller, proofFor, useService } from '../../support/service.js';

const PATH = '/v1/chat/completions';
const CHAT = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hello.' }] };

describe('a chat as a stream', () => {
  const provider = useProvider();
  const llm = useService('llm-api', 'streams', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_IDLE_TIMEOUT_MS: '1000',
  }));
  const echo = useService('llm-api', 'streams-echo');

  const open = (stream: boolean, signal?: AbortSignal): Promise<Response> =>
    fetch(llm.url + PATH, {
      method: 'POST',
      signal,
      headers: {
        'x-gateway-identity': proofFor('llm-api', caller()),
        'content-type': 'application/json',
      },
      body: JSON.stringify({ ...CHAT, stream }),
    });
  const linesOfGone = (): number => llm.process.output().match(/"status":499,.*"user_id"/g)?.length ?? 0;
  const outcomes = async (outcome: string): Promise<boolean> => {
    const text = await (await fetch(`${llm.process.internalUrl}/metrics`)).text();
    return new RegExp(`llm_requests_total\\{.*outcome="${outcome}".*\\} [1-9]`).test(text);
  };

  it('is what the provider sends, to its end', async () => {
    const { body, headers } = await llm.post(PATH, { as: caller(), body: { ...CHAT, stream: true } });
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toBe(`${SAID.split(' ').map(chunk).join('')}data: [DONE]\n\n`);
    await eventually(() => outcomes('answered'), 'it is counted');
  });

  it('comes chunk by chunk: the first is here before the last is sent', async () => {
    let last: () => void = () => undefined;
    provider().answer = ({ response }) => {
      beginStream(response);
      response.write(chunk('first'));
      last = () => response.end(`${chunk('last')}data: [DONE]\n\n`);
    };
    const reader = (await open(true)).body!.getReader();
    const first = Buffer.from((await reader.read()).value as Uint8Array).toString();
    expect(first).toBe(chunk('first'));
    last();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read())
      rest += Buffer.from(next.value).toString();
    expect(rest).toBe(`${chunk('last')}data: [DONE]\n\n`);
  });

  it.each([true, false])(
    'the question to the provider ends the moment the client goes (stream: %s)',
    async (stream) => {
      const asked = provider().requests.length;
      const left = linesOfGone();
      provider().answer = ({ response }) => {
        if (!stream) return;
        beginStream(response);
        response.write(chunk('begun'));
      };
      const gone = new AbortController();
      const ended = open(stream, gone.signal).then((answer) => answer.text());
      const outcome = ended.catch((error: Error) => error.name);
      await eventually(() => provider().requests.length > asked, 'the provider is asked');
      gone.abort();
      expect(await outcome).toBe('AbortError');
      await provider().last.cut;
      await eventually(() => outcomes('client-gone'), 'it is counted');
      await eventually(() => linesOfGone() === left + 1, 'the request has its line in the log');
    },
  );

  it('a client that does not read makes the provider wait, and nothing piles up here', async () => {
    const filling = chunk('x'.repeat(64 * 1024));
    const enough = 400;
    let sent = 0;
    let isWaiting = false;
    provider().answer = async ({ response }) => {
      beginStream(response);
      for (; sent < enough && !response.destroyed; sent += 1)
        if (!response.write(filling)) {
          isWaiting = true;
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
          isWaiting = false;
        }
      response.end('data: [DONE]\n\n');
    };
    const answer = await open(true);
    const seen = new Set<number>();
    await eventually(() => {
      const stands = isWaiting && seen.has(sent);
      seen.add(sent);
      return stands;
    }, 'the provider waits');
    expect(sent).toBeLessThan(enough);
    const text = await answer.text();
    expect(text.length).toBe(enough * filling.length + 'data: [DONE]\n\n'.length);
  });

  it.each([
    ['breaks off', 'provider_failed', (end: () => void) => end()],
    ['falls silent', 'provider_too_slow', () => undefined],
  ])('a provider that %s is said in the stream, which then has no [DONE]', async (_, code, go) => {
    provider().answer = ({ response }) => {
      beginStream(response);
      response.write(chunk('begun'), () => go(() => response.destroy()));
    };
    const text = await (await open(true)).text();
    expect(text).toContain(chunk('begun'));
    expect(text).not.toContain('[DONE]');
    const { error } = JSON.parse(text.split('data: ').at(-1) ?? '');
    expect(error).toMatchObject({ code, type: 'server_error', param: null });
  });

  it('a stream that just ends is not taken for a whole one', async () => {
    provider().answer = ({ response }) => {
      beginStream(response);
      response.end(chunk('begun'));
    };
    const text = await (await open(true)).text();
    expect(text).toContain('"code":"provider_failed"');
    expect(text).not.toContain('[DONE]');
  });

  it('the echo streams word by word, with its count of them where that is wanted', async () => {
    const body = { ...CHAT, model: 'echo', stream: true, stream_options: { include_usage: true } };
    const answer = await echo.post(PATH, { as: caller(), body });
    const events = answer.body.split('\n\n').filter((text: string) => text !== '');
    expect(events.pop()).toBe('data: [DONE]');
    const chunks = events.map((text: string) => JSON.parse(text.slice('data: '.length)));
    expect(new Set(chunks.map(({ id }: { id: string }) => id)).size).toBe(1);
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
    const said = chunks.flatMap(({ choices }: { choices: { delta: { content?: string } }[] }) =>
      choices.map(({ delta }) => delta.content ?? ''),
    );
    expect(said.join('')).toMatch(/You said: Hello\.$/);
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 19, total_tokens: 20 },
    });
  });
});
