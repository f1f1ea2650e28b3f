import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { newClient } from '../../support/registered-client.js';

describe('GET /consumers/{id}', () => {
  const api = useAuthApi('get-consumer');
  const show = (id: string, token: string) => api.get(`/consumers/${id}`, { token });

  describe('200', () => {
    it('shows a registered client without its key', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id, username, email } = await newClient(api);
      const { status, body } = await show(id, token);
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          id,
          origin: 'registration',
          username,
          custom_id: email,
          tags: ['client'],
          groups: ['registered'],
          limits: null,
          created_at: expect.any(String),
          active: false,
          pending_since: body.created_at,
          failure: null,
        },
      });
    });

    it('says why Kong refuses it, and since when it is not as it should be', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      await api.sql(`UPDATE consumers SET failure = '409 from Kong: unique', attempts = 1 WHERE id = $1`, [
        id,
      ]);
      expect((await show(id, token)).body).toMatchObject({ active: false, failure: '409 from Kong: unique' });
      await api.sql('UPDATE consumers SET failure = NULL, applied_revision = revision WHERE id = $1', [id]);
      expect((await show(id, token)).body).toMatchObject({
        active: true,
        pending_since: null,
        failure: null,
      });
      await api.post(`/consumers/${id}/keys`, { token });
      const { body } = await show(id, token);
      expect(body.active).toBe(false);
      expect(Date.parse(body.pending_since)).toBeGreaterThan(Date.parse(body.created_at));
    });
  });

  describe('400', () => {
    it('names an id that is no UUID', async () => {
      const { body } = await show('nope', (await api.anyAdmin()).accessToken);
      expect(body.errors).toEqual([{ field: 'id', detail: 'must be a UUID' }]);
    });
  });

  describe('403', () => {
    it('a person without the role admin does not learn whether there is one', async () => {
      const { id } = await newClient(api);
      const { accessToken } = await api.anyone();
      expect((await show(id, accessToken)).status).toBe(403);
      expect((await show(randomUUID(), accessToken)).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is none, or it has ended', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      await api.call('DELETE', `/consumers/${id}`, { token });
      for (const none of [id, randomUUID()]) {
        const { status, body } = await show(none, token);
        expect({ status, type: body.type }).toEqual({
          status: 404,
          type: '/docs/problems/consumers/not-found',
        });
      }
    });
  });
});
