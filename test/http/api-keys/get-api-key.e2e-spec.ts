import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { sameButForRequestId } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

describe('GET /auth/api-keys/{id}', () => {
  const api = useAuthApi('get-api-key');

  describe('200', () => {
    it('shows one of my keys, and when it was last used', async () => {
      const member = await api.member();
      const { id, key } = await api.key(member, { name: 'mine' });
      const mine = async () => (await api.get(`/auth/api-keys/${id}`, { token: member.accessToken })).body;
      expect(await mine()).toMatchObject({ id, name: 'mine', status: 'active', last_used_at: null });
      const usedAt = Date.now();
      await api.validate(key);
      await eventually(async () => (await mine()).last_used_at !== null, 'the use is written', 15_000);
      expect(Math.abs(Date.parse((await mine()).last_used_at) - usedAt)).toBeLessThan(2000);
    });

    it('a key with scope keys:read may see', async () => {
      const { id, key } = await api.key(await api.member(), { name: 'reader', scopes: ['keys:read'] });
      expect((await api.get(`/auth/api-keys/${id}`, { apiKey: key })).status).toBe(200);
    });
  });

  describe('400', () => {
    it.each(['nope', '00000000-0000-0000-0000', '%00', `${randomUUID()}x`, 'a'.repeat(5000)])(
      'an id that is no UUID is named (%s)',
      async (id) => {
        const { accessToken: token } = await api.guest();
        const { status, body } = await api.get(`/auth/api-keys/${id}`, { token });
        expect({ status, errors: body.errors }).toEqual({
          status: 400,
          errors: [{ field: 'id', detail: 'must be a UUID' }],
        });
      },
    );
  });

  describe('403', () => {
    it('a key without scope keys is refused, also for itself', async () => {
      const { id, key } = await api.key(await api.member());
      expect((await api.get(`/auth/api-keys/${id}`, { apiKey: key })).status).toBe(403);
    });
  });

  describe('401', () => {
    it('a stranger is refused before he learns whether the key exists', async () => {
      const { id } = await api.key(await api.member());
      const answers = [
        await api.get(`/auth/api-keys/${id}`),
        await api.get(`/auth/api-keys/${randomUUID()}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 401]);
      expect(sameButForRequestId(answers)).toBe(true);
    });
  });

  describe('404', () => {
    it("answers the same for another owner's key and for none, byte for byte but for the request id", async () => {
      const [owner, stranger] = [await api.member(), await api.member()];
      const { id } = await api.key(owner);
      const { accessToken: token } = stranger;
      const body = { name: 'x' };
      for (const ask of [
        (key: string) => api.get(`/auth/api-keys/${key}`, { token }),
        (key: string) => api.call('PATCH', `/auth/api-keys/${key}`, { token, body }),
        (key: string) => api.call('DELETE', `/auth/api-keys/${key}`, { token }),
        (key: string) => api.post(`/auth/api-keys/${key}/rotate`, { token }),
      ]) {
        const answers = [await ask(id), await ask(randomUUID())];
        expect(answers.map(({ status }) => status)).toEqual([404, 404]);
        expect(sameButForRequestId(answers)).toBe(true);
      }
    });
  });
});
