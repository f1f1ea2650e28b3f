import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { useKeptKong } from '../../support/kept-kong.js';
import { newClient } from '../../support/registered-client.js';

describe('DELETE /consumers/{id}', () => {
  const api = useAuthApi('delete-consumer');
  const kept = useKeptKong('delete-consumer-kept');
  const end = (id: string, token: string) => api.call('DELETE', `/consumers/${id}`, { token });

  describe('204', () => {
    it('ends a client: its key is gone, Kong is to be told, and the e-mail is free', async () => {
      const admin = await api.anyAdmin();
      const { id, username, email } = await newClient(api);
      expect((await end(id, admin.accessToken)).status).toBe(204);
      expect(await api.sql('SELECT 1 FROM consumer_credentials WHERE consumer_id = $1', [id])).toEqual([]);
      expect(
        await api.sql(
          'SELECT removed_at IS NOT NULL AS removed, revision <> applied_revision AS pending FROM consumers WHERE id = $1',
          [id],
        ),
      ).toEqual([{ removed: true, pending: true }]);
      const { status } = await api.post('/register', { body: { client_name: 'x', email } });
      expect(status).toBe(202);
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'consumer.deleted'`,
          [`consumer:${id}`],
        ),
      ).toEqual([{ actor: admin.id, details: { username } }]);
    });

    it('says that Kong has forgotten it', async () => {
      const { accessToken: token } = await kept.api.anyAdmin();
      const { id } = await newClient(kept.api);
      expect((await kept.kong.all()).get(id)?.keys).toHaveLength(1);
      const answer = await kept.api.call('DELETE', `/consumers/${id}`, { token });
      expect(answer).toMatchObject({ status: 204, body: undefined });
      expect((await kept.kong.all()).has(id)).toBe(false);
    });
  });

  describe('202', () => {
    it('says that Kong could not be told, which it is when it is back', async () => {
      const { accessToken: token } = await kept.api.anyAdmin();
      const { id } = await newClient(kept.api);
      await kept.inSync();
      await kept.proxy.refuse();
      const answer = await kept.api.call('DELETE', `/consumers/${id}`, { token });
      expect(answer).toMatchObject({ status: 202, body: { status: 'ended', pending: true } });
      expect((await kept.kong.all()).has(id)).toBe(true);
      await kept.proxy.accept();
      await kept.inSync();
      expect((await kept.kong.all()).has(id)).toBe(false);
    });
  });

  describe('403', () => {
    it('takes the role admin', async () => {
      const { id } = await newClient(api);
      expect((await end(id, (await api.anyone()).accessToken)).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is none, or it has ended before; of ten at once one ends it', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      const answers = await Promise.all(Array.from({ length: 10 }, () => end(id, token)));
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([204, ...Array.from({ length: 9 }, () => 404)]);
      expect((await end(randomUUID(), token)).body.type).toBe('/docs/problems/consumers/not-found');
    });
  });

  describe('409', () => {
    it("a person's own consumer ends where it was made, and the answer says where", async () => {
      const [{ accessToken: token }, member] = [await api.anyAdmin(), await api.member()];
      const limits = `/admin/users/${member.id}/limits`;
      await api.call('PUT', limits, { token, body: { per_minute: 5 } });
      const [row] = await api.sql<{ id: string }>('SELECT id FROM consumers WHERE custom_id = $1', [
        member.id,
      ]);
      const { status, body } = await end(row?.id ?? '', token);
      expect({ status, body }).toMatchObject({
        status: 409,
        body: {
          type: '/docs/problems/consumers/not-a-client',
          origin: 'user',
          detail: expect.stringContaining('DELETE /admin/users/{id}/limits'),
        },
      });
      expect((await api.get(limits, { token })).body.per_minute).toBe(5);
    });

    it('so does the consumer of a subscription', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      for (const origin of ['subscription', 'end-user']) {
        await api.sql('UPDATE consumers SET origin = $2 WHERE id = $1', [id, origin]);
        const { status, body } = await end(id, token);
        expect({ status, detail: body.detail }).toEqual({
          status: 409,
          detail: expect.stringContaining('/applications/{id}/subscriptions'),
        });
      }
    });
  });
});
