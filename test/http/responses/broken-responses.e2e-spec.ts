import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { beginStream, chunk } from '../../support/llm-provider.js';
import { eventsOf, MODEL, useResponses } from '../../support/responses.js';
import { caller, proofFor } from '../../support/service.js';

const PATH = '/v1/responses';

describe('a response that goes wrong on the way', () => {
  const { api, provider, kept, create } = useResponses('broken-responses');

  it('a stream that breaks off ends with an event that says so, and nothing is kept', async () => {
    const ann = caller();
    provider().answer = ({ response }) => {
      beginStream(response);
      response.write(chunk('Half'), () => response.destroy());
    };
    const { body } = await create(ann, 'Hello.', { stream: true });
    expect(eventsOf(body).at(-1)).toMatchObject({ type: 'error', code: 'model_failed' });
    expect(await kept(ann.id)).toBe(0);
  });

  it.each([false, true])(
    'when the client goes, so does the question to the model (stream: %s)',
    async (stream) => {
      const ann = caller();
      const asked = provider().requests.length;
      provider().answer = ({ response }) => {
        if (!stream) return;
        beginStream(response);
        response.write(chunk('Begun'));
      };
      const gone = new AbortController();
      const headers = {
        'x-gateway-identity': proofFor('response-api', ann),
        'content-type': 'application/json',
      };
      const body = JSON.stringify({ model: MODEL, input: 'Hello.', stream });
      const answer = fetch(api.url + PATH, { method: 'POST', headers, body, signal: gone.signal });
      const ended = answer.then((response) => response.text()).catch((error: Error) => error.name);
      await eventually(() => provider().requests.length > asked, 'the model is asked');
      gone.abort();
      expect(await ended).toBe('AbortError');
      await provider().last.cut;
      expect(await kept(ann.id)).toBe(0);
    },
  );
});
