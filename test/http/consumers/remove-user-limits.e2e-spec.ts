import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { useKeptKong } from '../../support/kept-kong.js';

describe('DELETE /admin/users/{id}/limits', () => {
  const api = useAuthApi('remove-user-limits');
  const kept = useKeptKong('remove-user-limits-kept');
  const path = (id: string) => `/admin/users/${id}/limits`;

  describe('204', () => {
    it("gives a person his tier's limits back, and may be repeated; it is on record once", async () => {
      const [admin, { id }] = [await api.anyAdmin(), await api.member()];
      const token = admin.accessToken;
      await api.call('PUT', path(id), { token, body: { per_minute: 5 } });
      for (let i = 0; i < 2; i++) expect((await api.call('DELETE', path(id), { token })).status).toBe(204);
      expect((await api.get(path(id), { token })).body.per_minute).toBeNull();
      expect(
        await api.sql(`SELECT actor FROM audit_events WHERE target = $1 AND action = 'user.limits-removed'`, [
          `user:${id}`,
        ]),
      ).toEqual([{ actor: admin.id }]);
    });

    it('a person who had none has none', async () => {
      const { accessToken: token } = await api.anyAdmin();
      expect((await api.call('DELETE', path((await api.anyone()).id), { token })).status).toBe(204);
    });
  });

  describe('202', () => {
    it('says that Kong could not be told, which it is when it is back; then 204', async () => {
      const [{ accessToken: token }, { id }] = [await kept.api.anyAdmin(), await kept.api.member()];
      const remove = () => kept.api.call('DELETE', path(id), { token });
      const isOurs = async () =>
        (await kept.kong.list('consumers')).some(({ custom_id }) => custom_id === id);
      await kept.api.call('PUT', path(id), { token, body: { per_minute: 5 } });
      await kept.inSync();
      expect(await isOurs()).toBe(true);
      await kept.proxy.refuse();
      expect(await remove()).toMatchObject({ status: 202, body: { status: 'ended', pending: true } });
      expect(await isOurs()).toBe(true);
      await kept.proxy.accept();
      await kept.inSync();
      expect(await isOurs()).toBe(false);
      expect(await remove()).toMatchObject({ status: 204, body: undefined });
    });
  });

  describe('403', () => {
    it('takes the role admin', async () => {
      const { id, accessToken: token } = await api.anyone();
      expect((await api.call('DELETE', path(id), { token })).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is no such person', async () => {
      const { accessToken: token } = await api.anyAdmin();
      expect((await api.call('DELETE', path(randomUUID()), { token })).status).toBe(404);
    });
  });
});
