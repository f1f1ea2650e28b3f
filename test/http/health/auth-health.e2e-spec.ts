import { describe, expect, it } from '@jest/globals';
import { launchAuthApi } from '../../support/auth-api.js';
import { checkedCall } from '../../support/contract.js';
import { useAuthApi } from '../../support/harness.js';

describe('GET /health/auth', () => {
  const api = useAuthApi('auth-health');

  describe('200', () => {
    it('realm keys are loaded, Keycloak answers and the guard refuses strangers', async () => {
      expect((await api.get('/health/auth')).body).toEqual({
        status: 'ok',
        keycloak: 'up',
        keys: { loaded: true, age_seconds: expect.any(Number) },
        guard: 'active',
      });
    });
  });

  describe('503', () => {
    it('without Keycloak it says what is missing, and that strangers are refused all the same', async () => {
      const lost = await launchAuthApi('auth-health-lost', { KEYCLOAK_URL: 'http://127.0.0.1:1' });
      try {
        const { status, body } = await checkedCall(lost.url, 'GET', '/health/auth');
        expect({ status, ...body }).toMatchObject({
          status: 503,
          type: '/docs/problems/health/not-ready',
          keycloak: 'down',
          keys: { loaded: false, age_seconds: null },
          guard: 'active',
          detail: 'Not ready: no realm keys yet, Keycloak does not answer.',
        });
      } finally {
        await lost.stop();
      }
    });
  });
});
