import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { refuse, useProvider } from '../../support/llm-provider.js';
import { caller, proofFor, useService } from '../../support/service.js';

const PATH = '/v1/chat/completions';
const KEY = 'provider-key-that-nobody-may-see';
const CHAT = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hello.' }] };

describe('between callers and providers', () => {
  const provider = useProvider();
  const llm = useService('llm-api', 'privacy', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_PROVIDER_KEY: KEY,
  }));

  it('a provider is told what is asked and our key, and nothing of who asks', async () => {
    const ann = caller();
    const answer = await llm.post(PATH, {
      as: ann,
      body: CHAT,
      headers: {
        'x-user-id': ann.id,
        'x-user-email': String(ann.claims['email']),
        'x-user-username': String(ann.claims['preferred_username']),
        cookie: 'session=mine',
        'x-api-key-hint': 'mine',
        'x-forwarded-for': '203.0.113.7',
        'x-request-id': 'a-request-of-mine',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        'user-agent': 'a client of mine',
      },
    });
    expect(answer.status).toBe(200);
    const { headers, body } = provider().last;
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(headers['authorization']).toBe(`Bearer ${KEY}`);
    expect(headers['user-agent']).toBe('gatehouse-llm-api');
    expect(body).toEqual(CHAT);
    expect(JSON.stringify(headers)).not.toContain(ann.id);
  });

  it('a caller is told nothing of a provider: not its headers, its key or its address; nor is the log', async () => {
    const { host } = new URL(provider().url);
    const telltale = { 'x-provider-account': 'acme', 'set-cookie': 'provider=1', server: 'acme-llm' };
    const refusals = [400, 401, 429, 500].map((status) =>
      refuse(status, `no ${KEY} at ${provider().url}, ${host}`, telltale),
    );
    for (const answer of refusals) {
      provider().answer = answer;
      const { body, headers } = await llm.post(PATH, { as: caller(), body: CHAT });
      const told = JSON.stringify([body, [...headers]]);
      for (const hidden of [KEY, host, 'acme', 'provider=1']) expect(told).not.toContain(hidden);
    }
    const marked = {
      'x-gateway-identity': proofFor('llm-api', caller()),
      'x-request-id': 'the-last-of-them',
    };
    await fetch(`${llm.url}/v1/models`, { headers: marked });
    await eventually(() => llm.process.output().includes('the-last-of-them'), 'the log is written');
    for (const hidden of [KEY, host, 'acme']) expect(llm.process.output()).not.toContain(hidden);
  });
});
