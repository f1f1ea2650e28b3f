import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { TestGuest, TestMember } from '../../support/client.js';
import { type Edge, startEdge } from '../../support/edge.js';
import { beginStream, chunk, SAID, useProvider } from '../../support/llm-provider.js';
import { logLine } from '../../support/responses.js';
import { type RunningService, serviceKey, startService } from '../../support/service.js';
import { createTestDatabase } from '../../support/stack.js';

const MODEL = 'gpt-x';
const CHAT = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello.' }] };

describe('models behind the gateway', () => {
  const provider = useProvider();
  const running: RunningService[] = [];
  let edge: Edge;
  let llm: RunningService;
  let responses: RunningService;
  let guest: TestGuest;
  let member: TestMember;
  let key: string;

  beforeAll(async () => {
    llm = await startService('llm-api', 'edge-llm', { LLM_PROVIDER_URL: provider().url });
    running.push(llm);
    responses = await startService('response-api', 'edge-responses', {
      DATABASE_URL: await createTestDatabase('edge_responses'),
      LLM_API_URL: llm.url,
      LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
    });
    running.push(responses);
    edge = await startEdge('edge-llm', {
      topology: { LLM_API_URL: llm.url, RESPONSE_API_URL: responses.url },
    });
    [guest, member] = await Promise.all([edge.guest(), edge.member()]);
    ({ key } = await edge.key(member));
  }, 120_000);
  afterAll(async () => {
    await edge?.stop();
    await Promise.all(running.map((service) => service.stop()));
  });

  const ways = [
    ['a guest with his token', () => ({ token: guest.accessToken }), () => guest.id, 'jwt'],
    ['a registered person with his token', () => ({ token: member.accessToken }), () => member.id, 'jwt'],
    ['a key in X-API-Key', () => ({ apiKey: key }), () => member.id, 'apikey'],
    ['a key as bearer', () => ({ token: key }), () => member.id, 'apikey'],
  ] as const;

  describe.each(ways)('%s', (_, credential, id, method) => {
    it.each(['/v1', '/llm/v1'])('chats and lists models under %s, as himself', async (base) => {
      const answer = await edge.send(`${base}/chat/completions`, {
        method: 'POST',
        body: CHAT,
        ...credential(),
      });
      expect(answer).toMatchObject({
        status: 200,
        headers: { 'x-auth-method': method, 'x-principal-id': id() },
        body: { choices: [{ message: { content: SAID } }] },
      });
      const { headers } = provider().last;
      for (const secret of [...Object.values(credential()), id()])
        expect(JSON.stringify(headers)).not.toContain(secret);
      expect((await edge.send(`${base}/models`, credential())).body.data[0].id).toBe(MODEL);
      const catalog = await edge.send(`${base}/models/catalogs/${encodeURIComponent('a/b')}`, credential());
      expect(catalog).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
    });

    it.each(['/v1/responses', '/responses'])(
      'has responses under %s, asked for in his name',
      async (path) => {
        const { status, body, headers } = await edge.send(path, {
          method: 'POST',
          body: { model: MODEL, input: 'Hello.' },
          ...credential(),
        });
        expect({ status, said: body.output?.[0].content[0].text }).toEqual({ status: 200, said: SAID });
        const line = await logLine(llm, { request_id: headers['x-request-id'] });
        expect(line).toMatchObject({ user_id: id(), method_used: method, by_gateway: true });
        expect((await edge.send(`${path}/${body.id}`, credential())).body).toEqual(body);
      },
    );
  });

  it('what a person made with a token he reads with his key, and nobody else does', async () => {
    const body = { model: MODEL, input: 'Hello.' };
    const made = await edge.send('/v1/responses', { method: 'POST', body, token: member.accessToken });
    const path = `/v1/responses/${made.body.id}`;
    expect((await edge.send(path, { apiKey: key })).status).toBe(200);
    expect((await edge.send(path, { token: guest.accessToken })).status).toBe(404);
  });

  it('a key for responses alone has none, and is told what it lacks', async () => {
    const { key: narrow } = await edge.key(member, { name: 'narrow', scopes: ['responses'] });
    const body = { model: MODEL, input: 'Hello.' };
    const answer = await edge.send('/v1/responses', { method: 'POST', body, apiKey: narrow });
    expect(answer).toMatchObject({ status: 403, body: { scopes: ['responses', 'llm'] } });
  });

  it('a stream arrives chunk by chunk: the first is there before the last is sent', async () => {
    let last: () => void = () => undefined;
    provider().answer = ({ response }) => {
      beginStream(response);
      response.write(chunk('first'));
      last = () => response.end(`${chunk('last')}data: [DONE]\n\n`);
    };
    const answer = await post('/v1/chat/completions', { ...CHAT, stream: true });
    let text = await firstPart(answer);
    expect(text).toBe(chunk('first'));
    last();
    for await (const part of answer) text += String(part);
    expect(text).toBe(`${chunk('first')}${chunk('last')}data: [DONE]\n\n`);
  });

  it('when the client goes, the provider is left alone, through the gateway as well', async () => {
    provider().answer = ({ response }) => {
      beginStream(response);
      response.write(chunk('begun'));
    };
    const answer = await post('/v1/chat/completions', { ...CHAT, stream: true });
    answer.destroy();
    await provider().last.cut;
  });

  it("OpenAI's own client works with a key, and is refused with a wrong one", async () => {
    const baseURL = `${edge.nodes[0]?.url}/v1`;
    const openai = new OpenAI({ baseURL, apiKey: key, maxRetries: 0 });
    const { choices } = await openai.chat.completions.create(CHAT);
    expect(choices[0]?.message.content).toBe(SAID);
    const wrong = new OpenAI({ baseURL, apiKey: 'sk_live_wrong', maxRetries: 0 });
    await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  async function firstPart(answer: IncomingMessage): Promise<string> {
    await once(answer, 'readable');
    return String(answer.read());
  }

  /** Resolves with the head of the answer. */
  function post(path: string, body: object): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${edge.nodes[0]?.url}${path}`, {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${guest.accessToken}` },
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(JSON.stringify(body));
    });
  }
});
