import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { launchAuthApi, type RunningAuthApi } from '../../support/auth-api.js';
import { checkedCall } from '../../support/contract.js';
import { useAuthApi } from '../../support/harness.js';

/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

describe('GET /readyz', () => {
  const api = useAuthApi('ready');

  describe('200', () => {
    it('says what it stands on', async () => {
      expect((await api.get('/readyz')).body).toEqual({
        status: 'ok',
        database: 'up',
        keycloak: 'up',
        keys: { loaded: true, age_seconds: expect.any(Number) },
      });
    });
  });

  describe('503', () => {
    let lost: RunningAuthApi;
    beforeAll(async () => {
      lost = await launchAuthApi('not-ready', {
        DATABASE_URL: `postgres://nobody@${NOBODY}/none`,
        KEYCLOAK_URL: `http://${NOBODY}`,
      });
    });
    afterAll(() => lost.stop());

    it('a process with neither database nor Keycloak is alive, and says what it lacks', async () => {
      expect((await checkedCall(lost.url, 'GET', '/healthz')).status).toBe(200);
      const { status, body } = await checkedCall(lost.url, 'GET', '/readyz');
      expect({ status, ...body }).toMatchObject({
        status: 503,
        type: '/docs/problems/health/not-ready',
        database: 'down',
        keycloak: 'down',
        keys: { loaded: false, age_seconds: null },
        detail: 'Not ready: the database is down, no realm keys yet.',
      });
    });

    it('its other endpoints answer 503 too, each with its problem', async () => {
      const types = [
        await checkedCall(lost.url, 'POST', '/auth/guest-login'),
        await checkedCall(lost.url, 'GET', '/auth/me', { token: 'eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.x' }),
        await checkedCall(lost.url, 'GET', '/health/auth'),
      ].map(({ status, body }) => [status, body.type]);
      expect(types).toEqual([
        [503, '/docs/problems/storage/unavailable'],
        [503, '/docs/problems/principal/keys-unavailable'],
        [503, '/docs/problems/health/not-ready'],
      ]);
    });
  });
});
