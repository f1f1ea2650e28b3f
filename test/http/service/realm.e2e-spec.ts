import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  GATEWAY_CALL_SECRET,
  launchAuthApi,
  type RunningAuthApi,
} from '../../support/auth-api.js';
import type { Call } from '../../support/client.js';
import { checkedCall } from '../../support/contract.js';

const MADE_UP_KEY = `sk_live_${'0'.repeat(38)}`;

describe('the challenge of a 401 where the realm has another name', () => {
  let api: RunningAuthApi;
  beforeAll(async () => {
    api = await launchAuthApi('another-realm', { KEYCLOAK_REALM: 'elsewhere' });
    const login = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    await eventually(
      async () => (await fetch(`${api.url}/auth/refresh-token`, login)).status !== 503,
      'the database is there',
    );
  });
  afterAll(() => api.stop());

  it.each<[string, string, string, Call]>([
    ['no credential', 'GET', '/auth/me', {}],
    ['a refused API key', 'GET', '/auth/me', { apiKey: MADE_UP_KEY }],
    [
      'a key the gateway asks about',
      'POST',
      '/auth/validate-api-key',
      { token: GATEWAY_CALL_SECRET, body: { api_key: MADE_UP_KEY } },
    ],
    ['a refused login', 'POST', '/auth/login', { body: { username: 'anne', password: 'wrong' } }],
    ['a refused refresh token', 'POST', '/auth/refresh-token', { body: { refresh_token: 'x' } }],
  ])('%s: names that realm', async (_name, method, path, call) => {
    let answer = await checkedCall(api.url, method, path, call);
    // A Keycloak that is too busy to answer in time is another story.
    await eventually(async () => {
      if (answer.status === 503) answer = await checkedCall(api.url, method, path, call);
      return answer.status !== 503;
    }, 'Keycloak answers');
    const { status, headers } = answer;
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="elsewhere"/);
  });
});
