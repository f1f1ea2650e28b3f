import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

describe('GET /admin/users/{id}', () => {
  const api = useAuthApi('get-user');
  const show = (id: string, token: string) => api.get(`/admin/users/${id}`, { token });

  describe('200', () => {
    it('shows a person as Keycloak has him, active, disabled and deleted', async () => {
      const [admin, member] = [await api.anyAdmin(), await api.member()];
      const { status, body } = await show(member.id, admin.accessToken);
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          id: member.id,
          username: member.username,
          email: member.email,
          email_verified: false,
          full_name: null,
          guest: false,
          status: 'active',
          roles: ['user'],
        },
      });
      const statusBecomes = (wanted: string) =>
        eventually(
          async () => (await show(member.id, admin.accessToken)).body.status === wanted,
          `he is ${wanted}`,
          5000,
        );
      await api.keycloak.setEnabled(member.id, false);
      await statusBecomes('disabled');
      await api.keycloak.deleteUser(member.id);
      await statusBecomes('deleted');
    });

    it('shows a person whom auth-api never met', async () => {
      const username = `k-${randomUUID().slice(0, 13)}`;
      const { headers } = await api.keycloak.request('POST', '/users', { username, enabled: true });
      const id = headers.get('location')?.split('/').at(-1) ?? '';
      expect((await show(id, (await api.anyAdmin()).accessToken)).body).toMatchObject({
        username,
        guest: false,
      });
    });
  });

  describe('400', () => {
    it('names an id that is no UUID', async () => {
      const { body } = await show('nope', (await api.anyAdmin()).accessToken);
      expect(body.errors).toEqual([{ field: 'id', detail: 'must be a UUID' }]);
    });
  });

  describe('401', () => {
    it("a stranger and an administrator's API key are refused", async () => {
      const admin = await api.anyAdmin();
      const { key } = await api.key(admin);
      expect((await api.get(`/admin/users/${admin.id}`)).body.reason).toBe('missing');
      expect((await api.get(`/admin/users/${admin.id}`, { apiKey: key })).body.reason).toBe('token-required');
    });
  });

  describe('403', () => {
    it('nobody sees others, or himself, here without the role admin', async () => {
      const member = await api.anyone();
      const { status, body } = await show(member.id, member.accessToken);
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/principal/forbidden',
      });
    });

    it('the role given in Keycloak counts within 5 s with the token from before, and so does its loss', async () => {
      const member = await api.member();
      const { accessToken: token, id } = member;
      expect((await show(id, token)).status).toBe(403);
      await api.keycloak.grantRole(id, 'admin');
      await eventually(async () => (await show(id, token)).status === 200, 'the role is there', 5000);
      await api.keycloak.revokeRole(id, 'admin');
      await eventually(async () => (await show(id, token)).status === 403, 'the role is gone', 5000);
    });
  });

  describe('404', () => {
    it('nobody has this id', async () => {
      expect((await show(randomUUID(), (await api.anyAdmin()).accessToken)).status).toBe(404);
    });
  });
});
