import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useAuthApi } from '../../support/harness.js';

describe('PATCH /auth/api-keys/{id}', () => {
  const api = useAuthApi('rename-api-key');
  const rename = (id: string, token: string, body: Readonly<Record<string, unknown>>) =>
    api.call('PATCH', `/auth/api-keys/${id}`, { token, body });

  describe('200', () => {
    it('changes the name and nothing else, on record', async () => {
      const member = await api.member();
      const { id, key } = await api.key(member, { name: 'before' });
      const before = (await api.get(`/auth/api-keys/${id}`, { token: member.accessToken })).body;
      const { status, body } = await rename(id, member.accessToken, { name: ' after ' });
      expect({ status, body }).toEqual({ status: 200, body: { ...before, name: 'after' } });
      expect((await api.get(`/auth/api-keys/${id}`, { token: member.accessToken })).body).toEqual(body);
      expect((await api.validate(key)).status).toBe(200);
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'api-key.renamed'`,
          [`api-key:${id}`],
        ),
      ).toEqual([{ actor: member.id, details: { name: 'after' } }]);
    });

    it('a key with scope keys may rename', async () => {
      const { id, key } = await api.key(await api.member(), { name: 'robot', scopes: ['keys'] });
      const answer = await api.call('PATCH', `/auth/api-keys/${id}`, {
        apiKey: key,
        body: { name: 'renamed' },
      });
      expect(answer.body.name).toBe('renamed');
    });
  });

  describe('400', () => {
    it.each([
      [{}, 'name', 'must be given'],
      [{ name: null }, 'name', 'must be text'],
      [{ name: '' }, 'name', 'must not be empty'],
      [{ name: 'a'.repeat(129) }, 'name', 'must have at most 128 characters'],
      [{ name: 'ok', status: 'active' }, 'status', 'is not a field of this request'],
    ])('%j is refused at its field', async (body, field, detail) => {
      const member = await api.anyone();
      const { id } = await api.key(member);
      const answer = await rename(id, member.accessToken, body);
      expect({ status: answer.status, errors: answer.body.errors }).toEqual({
        status: 400,
        errors: [{ field, detail }],
      });
    });
  });

  describe('401', () => {
    it('a stranger is refused', async () => {
      const answer = await api.call('PATCH', `/auth/api-keys/${randomUUID()}`, { body: { name: 'x' } });
      expect(answer.status).toBe(401);
    });
  });

  describe('403', () => {
    it('keys:read is not enough', async () => {
      const { id, key } = await api.key(await api.member(), { name: 'reader', scopes: ['keys:read'] });
      const answer = await api.call('PATCH', `/auth/api-keys/${id}`, { apiKey: key, body: { name: 'x' } });
      expect(answer.status).toBe(403);
    });
  });

  describe('404', () => {
    it("another's key keeps its name", async () => {
      const [owner, stranger] = [await api.member(), await api.member()];
      const { id } = await api.key(owner, { name: 'mine' });
      expect((await rename(id, stranger.accessToken, { name: 'stolen' })).status).toBe(404);
      expect((await api.get(`/auth/api-keys/${id}`, { token: owner.accessToken })).body.name).toBe('mine');
    });
  });
});
