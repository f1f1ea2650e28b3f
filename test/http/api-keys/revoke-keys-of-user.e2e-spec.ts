import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

describe('POST /admin/users/{id}/keys/revoke', () => {
  const api = useAuthApi('revoke-keys-of-user');
  const revoke = (id: string, token: string) => api.post(`/admin/users/${id}/keys/revoke`, { token });

  describe('200', () => {
    it('ends all usable keys of one person, of nobody else, and is on record for each', async () => {
      const [admin, member, another] = [await api.anyAdmin(), await api.member(), await api.member()];
      const keys = [await api.key(member), await api.key(member)];
      const untouched = await api.key(another);
      for (const { key } of [...keys, untouched]) await api.validate(key);
      const { status, body } = await revoke(member.id, admin.accessToken);
      expect({ status, body }).toEqual({ status: 200, body: { revoked: 2 } });
      for (const { id, key } of keys) {
        expect((await api.validate(key)).body.reason).toBe('revoked');
        expect(
          await api.sql(
            `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'api-key.revoked'`,
            [`api-key:${id}`],
          ),
        ).toEqual([{ actor: admin.id, details: { owner: member.id } }]);
      }
      expect((await api.validate(untouched.key)).status).toBe(200);
      expect((await revoke(member.id, admin.accessToken)).body).toEqual({ revoked: 0 });
    });
  });

  describe('400', () => {
    it('names an id that is no UUID', async () => {
      const { status, body } = await revoke('nope', (await api.anyAdmin()).accessToken);
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'id', detail: 'must be a UUID' }],
      });
    });
  });

  describe('401', () => {
    it("an administrator's API key is not enough: his own token is wanted", async () => {
      const admin = await api.anyAdmin();
      const { key } = await api.key(admin, { name: 'robot', scopes: ['keys'] });
      const answer = await api.post(`/admin/users/${admin.id}/keys/revoke`, { apiKey: key });
      expect({ status: answer.status, reason: answer.body.reason }).toEqual({
        status: 401,
        reason: 'token-required',
      });
      expect((await api.validate(key)).status).toBe(200);
    });
  });

  describe('403', () => {
    it('a person without the role admin is told which role it takes', async () => {
      const member = await api.member();
      const { key } = await api.key(member);
      const { status, body } = await revoke(member.id, member.accessToken);
      expect({ status, type: body.type, roles: body.roles }).toEqual({
        status: 403,
        type: '/docs/problems/principal/forbidden',
        roles: ['admin'],
      });
      expect((await api.validate(key)).status).toBe(200);
    });

    it('the role taken in Keycloak counts within 5 s, whatever the token says', async () => {
      const admin = await api.admin();
      const { body: tokens } = await api.post('/auth/refresh-token', {
        body: { refresh_token: admin.refreshToken },
      });
      expect((await revoke(randomUUID(), tokens.access_token)).status).toBe(200);
      await api.keycloak.revokeRole(admin.id, 'admin');
      await eventually(
        async () => (await revoke(randomUUID(), tokens.access_token)).status === 403,
        'the role is gone',
        5000,
      );
    });
  });
});
