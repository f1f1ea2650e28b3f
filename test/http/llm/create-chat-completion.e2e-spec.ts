import { describe, expect, it } from '@jest/globals';
import { refuse, SAID, useProvider } from '../../support/llm-provider.js';
import { caller, keyCaller, useService } from '../../support/service.js';

const PATH = '/v1/chat/completions';
const KEY = 'provider-key-that-nobody-may-see';
const MEGABYTE = 1024 * 1024;
const chat = (content: unknown = 'Hello.', more: object = {}) => ({
  model: 'gpt-x',
  messages: [{ role: 'user', content }],
  ...more,
});

describe('POST /v1/chat/completions', () => {
  const provider = useProvider();
  const llm = useService('llm-api', 'chat', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_PROVIDER_KEY: KEY,
    LLM_PROVIDERS: `near=${provider().url},far=http://127.0.0.1:1/v1`,
    LLM_PROVIDER_KEYS: `near=${KEY}-of-near`,
    LLM_FIRST_BYTE_TIMEOUT_MS: '400',
    LLM_IDLE_TIMEOUT_MS: '400',
  }));
  const echo = useService('llm-api', 'chat-echo');
  const ask = (body: unknown) => llm.post(PATH, { as: caller(), body });

  describe('200', () => {
    it("is the provider's answer, whole", async () => {
      const { body } = await ask(chat());
      expect(body).toMatchObject({
        object: 'chat.completion',
        choices: [{ message: { content: SAID } }],
        usage: { total_tokens: 5 },
      });
    });

    it('passes on fields that we do not know, and bodies of megabytes', async () => {
      const picture = `data:image/png;base64,${'A'.repeat(3 * MEGABYTE)}`;
      const parts = [{ type: 'image_url', image_url: { url: picture }, from_2031: true }];
      const body = chat(parts, { from_2030: { deep: [1, null] }, temperature: 0.5 });
      expect((await ask(body)).status).toBe(200);
      expect(provider().last.body).toEqual(body);
    });

    it('finds the provider of a prefix, which knows its model without it', async () => {
      expect((await ask(chat('Hi.', { model: 'near/org/gpt-x' }))).status).toBe(200);
      expect(provider().last.body.model).toBe('org/gpt-x');
      expect(provider().last.headers['authorization']).toBe(`Bearer ${KEY}-of-near`);
    });

    it('answers through a connection that the provider has closed meanwhile', async () => {
      await ask(chat());
      provider().last.response.socket?.destroy();
      expect((await ask(chat())).status).toBe(200);
    });

    it('without a provider is the echo, which says what it is and counts words', async () => {
      const body = chat('Say hello.', { model: 'qwen/qwen2.5-0.5b-instruct' });
      const answer = await echo.post(PATH, { as: keyCaller('llm'), body });
      expect(answer.body.choices[0].message.content).toMatch(/built-in echo .* You said: Say hello\.$/);
      expect(answer.body.usage).toEqual({ prompt_tokens: 2, completion_tokens: 20, total_tokens: 22 });
    });
  });

  describe('400', () => {
    it.each([
      [undefined, 'body'],
      [{}, 'model'],
      [{ model: 'gpt-x' }, 'messages'],
      [{ model: 5, messages: [] }, 'model'],
      [{ model: 'two words', messages: [{ role: 'user' }] }, 'model'],
      [{ model: 'gpt-x', messages: [] }, 'messages'],
      [{ model: 'gpt-x', messages: [{ content: 'x' }] }, 'messages.0.role'],
      [chat(5), 'messages.0.content'],
      [chat([{ text: 'x' }]), 'messages.0.content.0.type'],
      [chat('x', { stream: 'yes' }), 'stream'],
      [chat('x', { stream_options: { include_usage: 1 } }), 'stream_options.include_usage'],
    ])('what must be known of a chat is checked: %j', async (body, field) => {
      const asked = provider().requests.length;
      const answer = await ask(body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((fault: { field: string }) => fault.field)).toContain(field);
      expect(answer.body.error.param).toBe(answer.body.errors[0].field);
      expect(provider().requests).toHaveLength(asked);
    });

    it('what the provider refuses is refused in its words', async () => {
      provider().answer = refuse(400, 'temperature is too high');
      const { status, body } = await ask(chat());
      expect({ status, body }).toMatchObject({
        status: 400,
        body: {
          type: '/docs/problems/llm/refused-by-provider',
          detail: 'temperature is too high',
          error: { message: 'temperature is too high', param: 'messages', code: 'from_provider' },
        },
      });
    });
  });

  describe('403', () => {
    it.each([[['llm:read']], [['responses', 'media', 'mcp']]])(
      'a key with %j may not chat',
      async (scopes) => {
        const { status, body } = await llm.post(PATH, { as: keyCaller(...scopes), body: chat() });
        expect({ status, body }).toMatchObject({
          status: 403,
          body: { error: { type: 'permission_error' } },
        });
      },
    );
  });

  describe('404', () => {
    it('the echo has no such model', async () => {
      const { status, body } = await echo.post(PATH, { as: caller(), body: chat() });
      expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'model_not_found' });
    });

    it('nor has the provider', async () => {
      provider().answer = refuse(404, 'gpt-x is retired');
      const { status, body } = await ask(chat());
      expect({ status, detail: body.detail }).toEqual({ status: 404, detail: 'gpt-x is retired' });
    });
  });

  describe('413', () => {
    it('a body over 4 MB is not read', async () => {
      const { status, body } = await ask(chat('x'.repeat(4 * MEGABYTE)));
      expect({ status, code: body.error.code }).toEqual({ status: 413, code: 'too_large' });
    });

    it('the provider reads less than we do', async () => {
      provider().answer = refuse(413, 'too many tokens');
      const { status, body } = await ask(chat());
      expect({ status, detail: body.detail }).toEqual({ status: 413, detail: 'too many tokens' });
    });
  });

  describe('415', () => {
    it('a form is refused, in both forms of failure', async () => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { status, body } = await llm.post(PATH, { as: caller(), body: 'model=x', headers });
      expect({ status, code: body.error.code }).toEqual({ status: 415, code: 'unsupported_media_type' });
    });
  });

  describe('422', () => {
    it('the provider cannot process the request', async () => {
      provider().answer = refuse(422, 'no such tool');
      const { status, body } = await ask(chat());
      expect({ status, detail: body.detail }).toEqual({ status: 422, detail: 'no such tool' });
    });
  });

  describe('502', () => {
    it.each([
      ['refuses our key', refuse(401, `Incorrect API key provided: ${KEY}`)],
      ['does not let us', refuse(403, 'not allowed')],
      ['has a fault', refuse(500, 'Traceback')],
      ['sends us elsewhere', refuse(302, 'there', { location: 'http://127.0.0.1:1/' })],
      ['has nothing at that address', ({ response }) => response.writeHead(404).end('<html>')],
      ['answers with no JSON', ({ response }) => response.end('<html>')],
      ['answers with a text', ({ response }) => response.end('"yes"')],
      ['breaks off', ({ response }) => response.write('{', () => response.destroy())],
    ] as [string, ReturnType<typeof refuse>][])(
      'the provider %s, and the caller is told no more',
      async (_, answer) => {
        provider().answer = answer;
        const { status, body } = await ask(chat());
        expect({ status, body }).toMatchObject({
          status: 502,
          body: { type: '/docs/problems/llm/provider-failed', provider: 'default' },
        });
        expect(JSON.stringify(body)).not.toMatch(/Traceback|Incorrect|127\.0\.0\.1|html/);
      },
    );
  });

  it('502 as well when it answers a stream with what is none', async () => {
    provider().answer = ({ response }) => response.end('{}');
    expect((await ask(chat('Hi.', { stream: true }))).status).toBe(502);
  });

  describe('503', () => {
    it('the provider is not there', async () => {
      const { status, body } = await ask(chat('Hi.', { model: 'far/gpt-x' }));
      expect({ status, body }).toMatchObject({ status: 503, body: { provider: 'far' } });
    });

    it('our share of the provider is used up: it says for how long', async () => {
      provider().answer = refuse(429, 'slow down', { 'retry-after': '17' });
      const { status, headers } = await ask(chat());
      expect([status, headers.get('retry-after')]).toEqual([503, '17']);
    });
  });

  describe('504', () => {
    it('the provider does not begin', async () => {
      provider().answer = () => undefined;
      expect((await ask(chat())).status).toBe(504);
      await provider().last.cut;
    });

    it('the provider falls silent', async () => {
      provider().answer = ({ response }) => response.write('{"choices":');
      expect((await ask(chat())).status).toBe(504);
      await provider().last.cut;
    });
  });
});
