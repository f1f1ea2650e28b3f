import { describe, expect, it } from '@jest/globals';
import { call } from '../../support/client.js';
import { useProvider } from '../../support/llm-provider.js';
import { caller, proofFor, useService } from '../../support/service.js';

const MODEL = 'qwen/qwen2.5-0.5b-instruct';
const pathOf = (id: string) => `/v1/models/catalogs/${encodeURIComponent(id)}`;

describe('GET /v1/models/catalogs/{id}', () => {
  const provider = useProvider();
  const echo = useService('llm-api', 'get-model');
  const several = useService('llm-api', 'get-model-several', () => ({
    LLM_PROVIDERS: `near=${provider().url},far=http://127.0.0.1:1/v1`,
  }));
  const one = useService('llm-api', 'get-model-failing', () => ({
    LLM_PROVIDER_URL: provider().url,
    LLM_FIRST_BYTE_TIMEOUT_MS: '300',
  }));

  describe('200', () => {
    it('shows a model whose id has a slash, encoded', async () => {
      const { body } = await echo.get(pathOf(MODEL), { as: caller() });
      expect(body).toMatchObject({ id: MODEL, object: 'model', owned_by: 'gatehouse-echo' });
    });

    it('and not encoded', async () => {
      const headers = { 'x-gateway-identity': proofFor('llm-api', caller()) };
      const { status, body } = await call(echo.url, 'GET', `/v1/models/catalogs/${MODEL}`, { headers });
      expect({ status, id: body.id }).toEqual({ status: 200, id: MODEL });
    });

    it('shows that of one provider though another is away', async () => {
      expect((await several.get(pathOf('near/gpt-x'), { as: caller() })).body.id).toBe('near/gpt-x');
    });
  });

  describe('404', () => {
    it.each(['nope', 'near/nope', 'gpt-x', '../models', 'a/b/c', '%2F', '\u{1f600}'])(
      'there is no model %s',
      async (id) => {
        for (const service of [echo, several]) {
          const { status, body } = await service.get(pathOf(id), { as: caller() });
          expect({ status, body }).toMatchObject({
            status: 404,
            body: { type: '/docs/problems/llm/model-not-found', error: { code: 'model_not_found' } },
          });
        }
      },
    );
  });

  describe('405', () => {
    it('is answered to another method, in both forms', async () => {
      const { status, body } = await echo.post(pathOf(MODEL), { as: caller() });
      expect({ status, body }).toMatchObject({
        status: 405,
        body: { error: { code: 'method_not_allowed' } },
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
      expect((await several.get(pathOf('far/gpt-x'), { as: caller() })).status).toBe(503);
    });
  });

  describe('504', () => {
    it('its provider says nothing', async () => {
      provider().list = () => undefined;
      expect((await one.get(pathOf('gpt-x'), { as: caller() })).status).toBe(504);
    });
  });
});
