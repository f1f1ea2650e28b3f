import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { refuse, SAID, useProvider } from '../../support/llm-provider.js';
import { type Caller, caller, keyCaller, proofFor, useService } from '../../support/service.js';
import { useResponses } from '../../support/responses.js';

const MODEL = 'qwen/qwen2.5-0.5b-instruct';
const messages = [{ role: 'user' as const, content: 'Hello.' }];

describe("OpenAI's own client", () => {
  const provider = useProvider();
  const echo = useService('llm-api', 'openai-client');
  const llm = useService('llm-api', 'openai-client-provider', () => ({ LLM_PROVIDER_URL: provider().url }));
  const responses = useResponses('openai-client-responses');

  const client = (url: string, as?: Caller, service: 'llm-api' | 'response-api' = 'llm-api') =>
    new OpenAI({
      baseURL: `${url}/v1`,
      maxRetries: 0,
      apiKey: 'unused',
      // The gateway takes credentials away; here the test stands in its place.
      defaultHeaders: {
        authorization: null,
        ...(as === undefined ? {} : { 'x-gateway-identity': proofFor(service, as) }),
      },
    });
  const failure = async (work: PromiseLike<unknown>): Promise<unknown> => {
    try {
      return await work;
    } catch (error) {
      return error;
    }
  };

  it('lists the models', async () => {
    const ids: string[] = [];
    for await (const { id } of client(echo.url, caller()).models.list()) ids.push(id);
    expect(ids).toContain(MODEL);
  });

  it('chats', async () => {
    const { choices, usage } = await client(echo.url, caller()).chat.completions.create({
      model: MODEL,
      messages,
    });
    expect(choices[0]?.message.content).toMatch(/You said: Hello\.$/);
    expect(usage?.total_tokens).toBe(20);
  });

  it('chats word by word', async () => {
    const stream = await client(echo.url, caller()).chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, tokens] = ['', 0];
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? '';
      tokens = usage?.total_tokens ?? tokens;
    }
    expect(text).toMatch(/You said: Hello\.$/);
    expect(tokens).toBe(20);
  });

  it('makes, continues, reads, streams and deletes responses', async () => {
    const openai = client(responses.api.url, caller(), 'response-api').responses;
    const first = await openai.create({ model: MODEL, input: 'One.' });
    expect(first.output_text).toBe(SAID);
    const second = await openai.create({ model: MODEL, input: 'Two.', previous_response_id: first.id });
    expect((await openai.retrieve(second.id)).previous_response_id).toBe(first.id);
    const types: string[] = [];
    for await (const event of await openai.create({ model: MODEL, input: 'Three.', stream: true }))
      types.push(event.type);
    expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
    await openai.delete(first.id);
    expect(await failure(openai.retrieve(first.id))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  describe('throws its own kinds of error, with our message', () => {
    const chat = (as: Caller | undefined, model = MODEL, more = messages) =>
      failure(client(echo.url, as).chat.completions.create({ model, messages: more }));

    it('AuthenticationError', async () => {
      const error = await chat(undefined);
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
      expect(error).toMatchObject({
        message: expect.stringContaining('No credential was sent'),
        code: 'missing',
      });
    });

    it('PermissionDeniedError', async () => {
      const error = await chat(keyCaller('media'));
      expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
      expect(error).toMatchObject({ message: expect.stringContaining('lacks the scope llm') });
    });

    it('NotFoundError', async () => {
      const error = await chat(caller(), 'nope');
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
      expect(error).toMatchObject({
        message: expect.stringContaining('There is no model "nope" here'),
        code: 'model_not_found',
      });
    });

    it('BadRequestError, which names the parameter', async () => {
      const error = await chat(caller(), MODEL, []);
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({
        message: expect.stringContaining('messages: must have at least one entry'),
        param: 'messages',
      });
    });

    it("BadRequestError with the provider's own words", async () => {
      provider().answer = refuse(400, 'temperature is too high');
      const error = await failure(
        client(llm.url, caller()).chat.completions.create({ model: 'gpt-x', messages }),
      );
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({
        message: expect.stringContaining('temperature is too high'),
        code: 'from_provider',
      });
    });

    it('APIError within a stream', async () => {
      provider().answer = ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('data: {"choices":[]}\n\n');
      };
      const stream = await client(llm.url, caller()).chat.completions.create({
        model: 'gpt-x',
        messages,
        stream: true,
      });
      const error = await failure(
        (async () => {
          for await (const chunk of stream) expect(chunk.choices).toEqual([]);
        })(),
      );
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: 'provider_failed' });
    });
  });
});
