import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

describe('DELETE /auth/api-keys/{id}', () => {
  const api = useAuthApi('revoke-api-key');
  const revoke = (id: string, token: string) => api.call('DELETE', `/auth/api-keys/${id}`, { token });

  describe('202', () => {
    const withDeadNode = useAuthApi('revoke-api-key-dead-node', { KONG_ADMIN_URLS: 'http://127.0.0.1:9' });

    it('a key is revoked although a gateway node has not confirmed it, and the answer says so', async () => {
      const member = await withDeadNode.member();
      const { id, key } = await withDeadNode.key(member);
      const { status, body } = await withDeadNode.call('DELETE', `/auth/api-keys/${id}`, {
        token: member.accessToken,
      });
      expect({ status, body }).toEqual({ status: 202, body: { status: 'revoked', pending_nodes: 1 } });
      expect((await withDeadNode.validate(key)).body.reason).toBe('revoked');
      const jobs = await withDeadNode.sql<{ count: string }>(
        `SELECT count(*) FROM graphile_worker.jobs WHERE task_identifier = 'kong-sync.push-key'`,
      );
      expect(Number(jobs[0]?.count)).toBe(1);
    });
  });

  describe('204', () => {
    it('a revoked key never works again, also where it was cached', async () => {
      const member = await api.member();
      const { id, key } = await api.key(member);
      expect((await api.validate(key)).status).toBe(200);
      expect((await api.get('/auth/me', { apiKey: key })).status).toBe(200);
      const { status, body } = await revoke(id, member.accessToken);
      expect({ status, body }).toEqual({ status: 204, body: undefined });
      expect((await api.validate(key)).body.reason).toBe('revoked');
      expect((await api.get('/auth/me', { apiKey: key })).body.reason).toBe('revoked');
    });

    it('says the same when repeated, and is on record once', async () => {
      const member = await api.member();
      const { id } = await api.key(member);
      await revoke(id, member.accessToken);
      const { body: before } = await api.get(`/auth/api-keys/${id}`, { token: member.accessToken });
      expect((await revoke(id, member.accessToken)).status).toBe(204);
      expect((await api.get(`/auth/api-keys/${id}`, { token: member.accessToken })).body).toEqual(before);
      expect(
        await api.sql(`SELECT actor FROM audit_events WHERE target = $1 AND action = 'api-key.revoked'`, [
          `api-key:${id}`,
        ]),
      ).toEqual([{ actor: member.id }]);
    });

    it('it leaves Keycloak a moment later', async () => {
      const member = await api.member();
      const [kept, gone] = [await api.key(member), await api.key(member)];
      const mirrored = async () => {
        const user = await api.keycloak.user(member.id);
        return ((user?.['attributes'] as Record<string, string[]>)['api_keys'] ?? []).map((entry) =>
          entry.slice(0, 36),
        );
      };
      await eventually(async () => (await mirrored()).length === 2, 'both are there');
      await revoke(gone.id, member.accessToken);
      await eventually(async () => (await mirrored()).length === 1, 'one is gone');
      expect(await mirrored()).toEqual([kept.id]);
    });

    it('a key with scope keys may end itself', async () => {
      const { id, key } = await api.key(await api.member(), { name: 'robot', scopes: ['keys'] });
      expect((await api.call('DELETE', `/auth/api-keys/${id}`, { apiKey: key })).status).toBe(204);
      expect((await api.validate(key)).status).toBe(401);
    });
  });

  describe('400', () => {
    it('names an id that is no UUID', async () => {
      const { body } = await revoke('nope', (await api.guest()).accessToken);
      expect(body.errors).toEqual([{ field: 'id', detail: 'must be a UUID' }]);
    });
  });

  describe('401', () => {
    it('a stranger is refused', async () => {
      expect((await api.call('DELETE', `/auth/api-keys/${randomUUID()}`)).status).toBe(401);
    });
  });

  describe('403', () => {
    it('a key without scope keys cannot end one', async () => {
      const { id, key } = await api.key(await api.member());
      expect((await api.call('DELETE', `/auth/api-keys/${id}`, { apiKey: key })).status).toBe(403);
      expect((await api.validate(key)).status).toBe(200);
    });
  });

  describe('404', () => {
    it("another's key goes on working", async () => {
      const [owner, stranger] = [await api.member(), await api.member()];
      const { id, key } = await api.key(owner);
      expect((await revoke(id, stranger.accessToken)).status).toBe(404);
      expect((await api.validate(key)).status).toBe(200);
    });
  });
});
