import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { useProvider } from '../../support/llm-provider.js';
import { caller, proofFor, useService } from '../../support/service.js';

const MODEL = 'qwen/qwen2.5-0.5b-instruct';
const pathOf = (id: string) => `/v1/models/${encodeURIComponent(id)}`;

/** The rules are those of GET /v1/models/catalogs/{id}, tested there in full. */
describe('GET /v1/models/{id}', () => {
  const provider = useProvider();
  const echo = useService('llm-api', 'retrieve-model');
  const far = useService('llm-api', 'retrieve-model-far', () => ({
    LLM_PROVIDERS: 'far=http://127.0.0.1:1/v1',
  }));
  const one = useService('llm-api', 'retrieve-model-failing', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_FIRST_BYTE_TIMEOUT_MS: '300',
  }));

  describe('200', () => {
    it("is where OpenAI's own client looks for a model", async () => {
      const client = new OpenAI({
        baseURL: `${echo.url}/v1`,
        apiKey: 'unused',
        maxRetries: 0,
        defaultHeaders: { authorization: null, 'x-gateway-identity': proofFor('llm-api', caller()) },
      });
      expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
    });
  });

  describe('404', () => {
    it('there is no such model', async () => {
      const { status, body } = await echo.get(pathOf('nope'), { as: caller() });
      expect({ status, type: body.type }).toEqual({
        status: 404,
        type: '/docs/problems/llm/model-not-found',
      });
    });
  });

  describe('502', () => {
    it('its provider answers with something else', async () => {
      provider().list = ({ response }) => response.end('<html>');
      expect((await one.get(pathOf('gpt-x'), { as: caller() })).status).toBe(502);
    });
  });

  describe('503', () => {
    it('its provider is away', async () => {
      expect((await far.get(pathOf('far/gpt-x'), { as: caller() })).status).toBe(503);
    });
  });

  describe('504', () => {
    it('its provider says nothing', async () => {
      provider().list = () => undefined;
      expect((await one.get(pathOf('gpt-x'), { as: caller() })).status).toBe(504);
    });
  });
});
