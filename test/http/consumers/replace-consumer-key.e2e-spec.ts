import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';
import { newClient, withKongThatTakesAll } from '../../support/registered-client.js';

describe('POST /consumers/{id}/keys with a Kong', () => {
  const api = useAuthApi('replace-key-with-kong', { KONG_ADMIN_URLS: 'http://127.0.0.1:1' });

  describe('201', () => {
    it('is the answer when Kong has the new key and has forgotten the old one', async () => {
      const { accessToken: token } = await api.anyAdmin();
      await withKongThatTakesAll(api, async () => {
        const { id } = await newClient(api);
        const { status, body } = await api.post(`/consumers/${id}/keys`, { token });
        expect({ status, active: body.active }).toEqual({ status: 201, active: true });
      });
    });
  });
});

describe('POST /consumers/{id}/keys', () => {
  const api = useAuthApi('replace-consumer-key');
  const replace = (id: string, token: string) => api.post(`/consumers/${id}/keys`, { token });

  describe('202', () => {
    it('shows the new key as at the registration; the client stays who it is', async () => {
      const admin = await api.anyAdmin();
      const { id, username, email, key } = await newClient(api);
      const before = await api.sql('SELECT id FROM consumer_credentials WHERE consumer_id = $1', [id]);
      const { status, headers, body } = await replace(id, admin.accessToken);
      expect({ status, cache: headers.get('cache-control') }).toEqual({ status: 202, cache: 'no-store' });
      expect(body).toMatchObject({ consumer_id: id, username, active: false });
      expect(body.apikey).not.toBe(key);
      const after = await api.sql('SELECT id FROM consumer_credentials WHERE consumer_id = $1', [id]);
      expect(after).toHaveLength(1);
      expect(after).not.toEqual(before);
      expect((await api.get(`/consumers/${id}`, { token: admin.accessToken })).body).toMatchObject({
        username,
        custom_id: email,
        tags: ['client'],
        groups: ['registered'],
      });
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'consumer.key-replaced'`,
          [`consumer:${id}`],
        ),
      ).toEqual([{ actor: admin.id, details: { username } }]);
    });

    it('ten at once leave one key', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      const answers = await Promise.all(Array.from({ length: 10 }, () => replace(id, token)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202));
      expect(await api.sql('SELECT 1 FROM consumer_credentials WHERE consumer_id = $1', [id])).toHaveLength(
        1,
      );
    });
  });

  describe('403', () => {
    it('takes the role admin', async () => {
      const { id } = await newClient(api);
      expect((await replace(id, (await api.anyone()).accessToken)).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is no such consumer', async () => {
      const { status, body } = await replace(randomUUID(), (await api.anyAdmin()).accessToken);
      expect({ status, type: body.type }).toEqual({
        status: 404,
        type: '/docs/problems/consumers/not-found',
      });
    });
  });

  describe('409', () => {
    it('what is no registered client has no key to replace here', async () => {
      const { accessToken: token } = await api.anyAdmin();
      const { id } = await newClient(api);
      await api.sql(`UPDATE consumers SET origin = 'subscription' WHERE id = $1`, [id]);
      const { status, body } = await replace(id, token);
      expect({ status, type: body.type }).toEqual({
        status: 409,
        type: '/docs/problems/consumers/not-a-client',
      });
    });
  });
});
