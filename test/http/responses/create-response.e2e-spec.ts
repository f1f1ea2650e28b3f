import { describe, expect, it } from '@jest/globals';
import { call } from '../../support/client.js';
import { refuse, SAID } from '../../support/llm-provider.js';
import { eventsOf, logLine, MODEL, useResponses } from '../../support/responses.js';
import { caller, keyCaller, proofFor, serviceKey, startService } from '../../support/service.js';

const PATH = '/v1/responses';

describe('POST /v1/responses', () => {
  const { api, llm, provider, databaseUrl, kept, create, told } = useResponses('create-response', {
    RESPONSES_MAX_PER_OWNER: '3',
    RESPONSES_MAX_PER_GUEST: '1',
  });

  describe('200', () => {
    it('is a response in the shape of OpenAI, kept for its owner', async () => {
      const ann = caller();
      const { body } = await create(ann, 'Hello.', { metadata: { topic: 'greeting' } });
      expect(body).toMatchObject({
        id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
        status: 'completed',
        model: MODEL,
        metadata: { topic: 'greeting' },
        output: [{ role: 'assistant', content: [{ type: 'output_text', text: SAID }] }],
        usage: { input_tokens: 1, output_tokens: 4, total_tokens: 5 },
        store: true,
      });
      expect((await api.get(`${PATH}/${body.id}`, { as: ann })).body).toEqual(body);
    });

    it('asks llm-api as the caller, under the same request id', async () => {
      const ben = caller({ guest: true });
      const { headers } = await create(ben, 'Hello.');
      const line = await logLine(llm(), { request_id: headers.get('x-request-id') });
      expect(line).toMatchObject({ user_id: ben.id, by_gateway: true, path: '/v1/chat/completions' });
    });

    it('tells the model the instructions, and what stands in items', async () => {
      const content = [
        { type: 'input_text', text: 'See' },
        { type: 'input_image', image_url: 'https://x.example/a.png' },
      ];
      const items = [
        { role: 'developer', content: 'Be kind.' },
        { type: 'message', role: 'user', content },
      ];
      await create(caller(), items, { instructions: 'Be short.', max_output_tokens: 7, temperature: 0 });
      expect(provider().last.body).toMatchObject({ model: MODEL, max_tokens: 7, temperature: 0 });
      expect(told()).toEqual([
        { role: 'system', content: 'Be short.' },
        { role: 'system', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
          ],
        },
      ]);
    });

    it('goes on with what was said before, but not with the instructions of then', async () => {
      const ann = caller();
      const first = await create(ann, 'One.', { instructions: 'Only now.' });
      const second = await create(ann, 'Two.', { previous_response_id: first.body.id });
      await create(ann, 'Three.', { previous_response_id: second.body.id });
      expect(told().map(({ content }: { content: string }) => content)).toEqual([
        'One.',
        SAID,
        'Two.',
        SAID,
        'Three.',
      ]);
    });

    it('is not kept where that is not wanted', async () => {
      const ann = caller();
      const { body } = await create(ann, 'Hello.', { store: false });
      expect(body.store).toBe(false);
      expect(await kept(ann.id)).toBe(0);
    });

    it('comes word by word, in named and numbered events, and is kept as a whole', async () => {
      const ann = caller();
      const { body: text, headers } = await create(ann, 'Hello.', { stream: true });
      expect(headers.get('content-type')).toContain('text/event-stream');
      const events = eventsOf(text);
      expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
      const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
      expect(deltas.map(({ delta }) => delta)).toEqual(SAID.split(' '));
      expect(events[0]).toMatchObject({ type: 'response.created', response: { status: 'in_progress' } });
      const { type, response } = events.at(-1);
      expect(type).toBe('response.completed');
      expect((await api.get(`${PATH}/${response.id}`, { as: ann })).body).toEqual(response);
    });

    it('is kept whatever the model says, but for what the database cannot keep', async () => {
      const ann = caller();
      const message = { role: 'assistant', content: 'a\0b\ud800c' };
      provider().answer = ({ response }) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
      };
      const { body } = await create(ann, 'Hello.');
      expect(body.output[0].content[0].text).toBe('a\ufffdb\ufffdc');
      expect((await api.get(`${PATH}/${body.id}`, { as: ann })).body).toEqual(body);
    });

    it('is served under /responses as well', async () => {
      const headers = { 'x-gateway-identity': proofFor('response-api', caller()) };
      const body = { model: MODEL, input: 'Hello.' };
      expect((await call(api.url, 'POST', '/responses', { headers, body })).body.status).toBe('completed');
    });

    it('an application that subscribed to responses may have them, without any other scope', async () => {
      const application = caller({ kind: 'application', amr: ['apikey'], scope: 'responses' });
      expect((await create(application, 'Hello.')).status).toBe(200);
    });
  });

  describe('400', () => {
    it.each([
      [{}, 'model'],
      [{ model: MODEL }, 'input'],
      [{ model: MODEL, input: '' }, 'input'],
      [{ model: MODEL, input: [] }, 'input'],
      [{ model: MODEL, input: [{ role: 'nobody', content: 'x' }] }, 'input.0.role'],
      [{ model: MODEL, input: 'x', tools: [] }, 'tools'],
      [{ model: MODEL, input: 'x', metadata: { a: 5 } }, 'metadata.a'],
      [{ model: MODEL, input: 'x', store: 'no' }, 'store'],
      [{ model: MODEL, input: 'x', temperature: 3 }, 'temperature'],
      [{ model: MODEL, input: 'a\0b' }, 'input'],
      [{ model: MODEL, input: 'a\ud800b' }, 'input'],
      [{ model: MODEL, input: [{ role: 'user', content: '\udc00' }] }, 'input.0.content'],
      [{ model: MODEL, input: 'x', instructions: '\0' }, 'instructions'],
      [{ model: MODEL, input: 'x', metadata: { a: '\0' } }, 'metadata.a'],
    ])('names the field at fault of %j', async (body, field) => {
      const answer = await api.post(PATH, { as: caller(), body });
      expect({ status: answer.status, param: answer.body.error.param }).toEqual({
        status: 400,
        param: field,
      });
    });

    it('what the model refuses is refused in its words', async () => {
      provider().answer = refuse(400, 'temperature is too high');
      const { status, body } = await create(caller(), 'Hello.');
      expect({ status, detail: body.detail }).toEqual({ status: 400, detail: 'temperature is too high' });
    });
  });

  describe('403', () => {
    it.each([
      [['llm'], ['responses']],
      [['responses'], ['responses', 'llm']],
      [
        ['responses', 'llm:read'],
        ['responses', 'llm'],
      ],
    ])('a key with %j lacks %j, and no model is asked', async (scopes, lacking) => {
      const asked = provider().requests.length;
      const { status, body } = await create(keyCaller(...scopes), 'Hello.');
      expect({ status, scopes: body.scopes }).toEqual({ status: 403, scopes: lacking });
      expect(provider().requests).toHaveLength(asked);
    });
  });

  describe('404', () => {
    it("another's response cannot be continued, nor one that is none, nor one whose beginning is gone", async () => {
      const [ann, ben] = [caller(), caller()];
      const first = (await create(ann, 'One.')).body.id;
      const second = (await create(ann, 'Two.', { previous_response_id: first })).body.id;
      await api.call('DELETE', `${PATH}/${first}`, { as: ann });
      for (const [as, id] of [
        [ben, second],
        [ann, second],
        [ann, `resp_${'0'.repeat(32)}`],
        [ann, 'nope'],
      ] as const)
        expect((await create(as, 'More.', { previous_response_id: id })).status).toBe(404);
    });

    it('there is no such model', async () => {
      provider().answer = refuse(404, 'gpt-x is retired');
      expect((await create(caller(), 'Hello.')).body).toMatchObject({
        status: 404,
        detail: 'gpt-x is retired',
      });
    });
  });

  describe('409', () => {
    it('no more than so many are kept for one', async () => {
      const ann = caller();
      for (let made = 0; made < 3; made += 1) expect((await create(ann, 'Hello.')).status).toBe(200);
      const { status, body } = await create(ann, 'Hello.');
      expect({ status, limit: body.limit }).toEqual({ status: 409, limit: 3 });
      expect((await create(ann, 'Hello.', { store: false })).status).toBe(200);
    });

    it('fewer for a guest, and as many as for anybody once he has registered', async () => {
      const guest = caller({ guest: true });
      expect((await create(guest, 'Hello.')).status).toBe(200);
      expect((await create(guest, 'Hello.')).body).toMatchObject({ status: 409, limit: 1 });
      expect((await create(caller({}, guest.id), 'Hello.')).status).toBe(200);
    });
  });

  describe('413', () => {
    it('a body over 2 MB is not read, nor is a conversation over 3 MB sent', async () => {
      const ann = caller();
      const part = { role: 'user', content: 'x'.repeat(500_000) };
      expect(
        (
          await create(
            ann,
            Array.from({ length: 5 }, () => part),
          )
        ).status,
      ).toBe(413);
      const long = Array.from({ length: 4 }, () => part);
      const { body } = await create(ann, long);
      const { status, body: refusal } = await create(ann, long, { previous_response_id: body.id });
      expect({ status, type: refusal.type }).toEqual({
        status: 413,
        type: '/docs/problems/responses/too-long',
      });
    });
  });

  /** Before the first word a stream fails as any other request. */
  const failsLike = async (status: number, answer: ReturnType<typeof refuse>) => {
    const ann = caller();
    provider().answer = answer;
    for (const stream of [false, true]) expect((await create(ann, 'Hello.', { stream })).status).toBe(status);
    expect(await kept(ann.id)).toBe(0);
  };

  describe('422', () => {
    it('the model cannot process it, and nothing is kept', () => failsLike(422, refuse(422, 'no such tool')));
  });

  describe('502', () => {
    it('the provider fails, and nothing is kept', () => failsLike(502, refuse(500, 'a fault')));
  });

  describe('504', () => {
    it('the provider is too slow, and nothing is kept', () => failsLike(504, () => undefined));
  });

  describe('503', () => {
    it('the provider behind llm-api takes none', async () => {
      provider().answer = refuse(429, 'slow down', { 'retry-after': '9' });
      const { status, headers } = await create(caller(), 'Hello.');
      expect([status, headers.get('retry-after')]).toEqual([503, '9']);
    });

    it('llm-api is away, and is named', async () => {
      const lost = await startService('response-api', 'create-response-lost', {
        DATABASE_URL: databaseUrl(),
        LLM_API_URL: 'http://127.0.0.1:1',
        LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
      });
      try {
        const ann = caller();
        const headers = { 'x-gateway-identity': proofFor('response-api', ann) };
        const { status, body } = await call(lost.url, 'POST', PATH, {
          headers,
          body: { model: MODEL, input: 'x' },
        });
        expect({ status, body }).toMatchObject({ status: 503, body: { service: 'llm-api' } });
        expect(await kept(ann.id)).toBe(0);
      } finally {
        await lost.stop();
      }
    });
  });
});
