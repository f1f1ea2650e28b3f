import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';

describe('GET /admin/users/{id}/limits', () => {
  const api = useAuthApi('get-user-limits');
  const path = (id: string) => `/admin/users/${id}/limits`;

  describe('200', () => {
    it('a person without limits of his own has none, and nothing is pending', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await api.anyone();
      const { status, body } = await api.get(path(id), { token });
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          user_id: id,
          per_minute: null,
          per_hour: null,
          active: true,
          pending_since: null,
          failure: null,
        },
      });
    });

    it('shows those he has, whether Kong has them, and that they are still to be taken from Kong', async () => {
      const [{ accessToken: token }, { id }] = [await api.anyAdmin(), await api.member()];
      const { body: set } = await api.call('PUT', path(id), { token, body: { per_minute: 5 } });
      expect((await api.get(path(id), { token })).body).toEqual(set);
      await api.sql('UPDATE consumers SET applied_revision = revision WHERE custom_id = $1', [id]);
      expect((await api.get(path(id), { token })).body).toMatchObject({ per_minute: 5, active: true });
      await api.call('DELETE', path(id), { token });
      expect((await api.get(path(id), { token })).body).toMatchObject({
        per_minute: null,
        active: false,
        pending_since: expect.any(String),
      });
    });
  });

  describe('403', () => {
    it('takes the role admin, also for oneself', async () => {
      const { id, accessToken: token } = await api.anyone();
      expect((await api.get(path(id), { token })).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is no such person', async () => {
      const { accessToken: token } = await api.anyAdmin();
      expect((await api.get(path(randomUUID()), { token })).status).toBe(404);
    });
  });
});
