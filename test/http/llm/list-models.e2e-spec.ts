import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { json, useProvider } from '../../support/llm-provider.js';
import { caller, keyCaller, useService } from '../../support/service.js';

const PATH = '/v1/models';

describe('GET /v1/models', () => {
  const provider = useProvider();
  const several = useService('llm-api', 'list-models', () => ({
    LLM_PROVIDERS: `near=${provider().url},far=http://127.0.0.1:1/v1`,
  }));
  /** A list that failed is not kept, so this one is asked each time as long as it fails. */
  const one = useService('llm-api', 'list-models-failing', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_FIRST_BYTE_TIMEOUT_MS: '300',
  }));
  const lost = useService('llm-api', 'list-models-lost', () => ({
    LLM_PROVIDER_URL: 'http://127.0.0.1:1/v1',
  }));
  const echo = useService('llm-api', 'list-models-echo');

  describe('200', () => {
    it('lists those of a provider under its prefix, and leaves out a provider that does not answer', async () => {
      const { body } = await several.get(PATH, { as: caller() });
      expect(body).toEqual({
        object: 'list',
        data: [{ id: 'near/gpt-x', object: 'model', created: 0, owned_by: 'unknown' }],
      });
      const said = () => several.process.output().includes('a provider is left out of the models');
      await eventually(said, 'the log says that one is left out');
    });

    it('asks a provider once for many callers', async () => {
      const before = provider().requests.length;
      await Promise.all(Array.from({ length: 10 }, () => several.get(PATH, { as: caller() })));
      expect(provider().requests.length - before).toBeLessThanOrEqual(1);
    });

    it('without a provider lists what the built-in echo serves, and says so of each', async () => {
      const { body } = await echo.get(PATH, { as: caller() });
      expect(body.data.map(({ id }: { id: string }) => id)).toContain('qwen/qwen2.5-0.5b-instruct');
      for (const model of body.data)
        expect(model).toMatchObject({
          owned_by: 'gatehouse-echo',
          description: expect.stringContaining('no language model'),
        });
    });

    it('is for guests as well, and for keys that may read', async () => {
      for (const as of [caller({ guest: true }), keyCaller('llm'), keyCaller('llm:read')])
        expect((await echo.get(PATH, { as })).status).toBe(200);
    });
  });

  describe('401', () => {
    it('a stranger is refused, in both forms of failure', async () => {
      const { status, body } = await echo.get(PATH);
      expect({ status, body }).toMatchObject({
        status: 401,
        body: { reason: 'missing', error: { type: 'authentication_error', code: 'missing', param: null } },
      });
      expect(body.error.message).toBe(body.detail);
    });
  });

  describe('403', () => {
    it('a key without scope llm may not see what there is', async () => {
      const { status, body } = await echo.get(PATH, { as: keyCaller('media', 'responses') });
      expect({ status, body }).toMatchObject({ status: 403, body: { scopes: ['llm:read'] } });
    });
  });

  describe('502', () => {
    it.each([
      ['no list', { object: 'list' }],
      ['no object', 'models'],
    ])('the only provider answers with %s', async (_, answer) => {
      provider().list = ({ response }) => json(response, 200, answer);
      const { status, body } = await one.get(PATH, { as: caller() });
      expect({ status, body }).toMatchObject({ status: 502, body: { provider: 'default' } });
    });
  });

  describe('503', () => {
    it('the only provider is not there, and its address is not told', async () => {
      const { status, body, headers } = await lost.get(PATH, { as: caller() });
      expect({ status, type: body.type }).toEqual({
        status: 503,
        type: '/docs/problems/llm/provider-unavailable',
      });
      expect(headers.get('retry-after')).toBe('5');
      expect(JSON.stringify(body)).not.toContain('127.0.0.1');
    });
  });

  describe('504', () => {
    it('the only provider does not say anything', async () => {
      provider().list = () => undefined;
      expect((await one.get(PATH, { as: caller() })).status).toBe(504);
    });
  });
});
