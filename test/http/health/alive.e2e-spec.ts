import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';

describe('GET /healthz', () => {
  const api = useAuthApi('alive');

  describe('200', () => {
    it('is answered to everyone', async () => {
      expect((await api.get('/healthz')).body).toEqual({ status: 'ok' });
    });
  });
});
