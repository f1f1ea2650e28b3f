import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PASSWORD_MARK } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

const newPassword = () => `${PASSWORD_MARK}-${randomUUID()}`;

describe('POST /auth/password', () => {
  const api = useAuthApi('set-password');
  const set = (token: string, body: Readonly<Record<string, unknown>>) =>
    api.post('/auth/password', { token, body });
  const login = async (username: string, password: string) =>
    (await api.post('/auth/login', { body: { username, password } })).status;
  /** Upgraded without a password. */
  const withoutPassword = async () => {
    const guest = await api.guest();
    const username = `p-${randomUUID().slice(0, 13)}`;
    const body = { username, email: `${username}@example.com` };
    await api.post('/auth/upgrade', { token: guest.accessToken, body });
    return { ...guest, username };
  };

  describe('204', () => {
    it('sets the first password of one who upgraded without', async () => {
      const person = await withoutPassword();
      const password = newPassword();
      expect((await set(person.accessToken, { new_password: password })).status).toBe(204);
      expect(await login(person.username, password)).toBe(200);
    });

    it('changes it for one who knows the present one; sessions go on, and it is on record', async () => {
      const member = await api.member();
      const password = newPassword();
      const body = { new_password: password, current_password: member.password };
      expect((await set(member.accessToken, body)).status).toBe(204);
      expect(await login(member.username, password)).toBe(200);
      expect(await login(member.username, member.password)).toBe(401);
      expect((await api.me(member.accessToken)).status).toBe(200);
      const renewed = await api.post('/auth/refresh-token', { body: { refresh_token: member.refreshToken } });
      expect(renewed.status).toBe(200);
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'password.changed'`,
          [`user:${member.id}`],
        ),
      ).toEqual([{ actor: member.id, details: {} }]);
    });
  });

  describe('400', () => {
    it('the present password must be given once there is one, and be right', async () => {
      const member = await api.member();
      const missing = await set(member.accessToken, { new_password: newPassword() });
      expect({ status: missing.status, field: missing.body.errors[0].field }).toEqual({
        status: 400,
        field: 'current_password',
      });
      const wrong = await set(member.accessToken, {
        new_password: newPassword(),
        current_password: newPassword(),
      });
      expect({ status: wrong.status, errors: wrong.body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'current_password', detail: 'is not right' }],
      });
      expect(await login(member.username, member.password)).toBe(200);
    });

    it('a password against the policy of the realm is named with what the policy wants', async () => {
      const person = await withoutPassword();
      const { status, body } = await set(person.accessToken, { new_password: person.username });
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'new_password', detail: expect.stringContaining('username') }],
      });
    });

    it.each([
      [{}, 'must be given'],
      [{ new_password: 'short' }, 'must have at least 8 characters'],
      [{ new_password: 'x'.repeat(129) }, 'must have at most 128 characters'],
      [{ new_password: 12345678 }, 'must be text'],
      [{ new_password: null }, 'must be text'],
    ])('%.60j is refused at its field', async (body, detail) => {
      const answer = await set((await api.anyone()).accessToken, body);
      expect({ status: answer.status, errors: answer.body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'new_password', detail }],
      });
    });
  });

  describe('401', () => {
    it('a stranger sets nothing', async () => {
      expect((await api.post('/auth/password', { body: { new_password: newPassword() } })).status).toBe(401);
    });

    it.each(['disabled', 'deleted'])('one who was %s a moment ago sets nothing', async (state) => {
      const person = await withoutPassword();
      if (state === 'disabled') await api.keycloak.setEnabled(person.id, false);
      else await api.keycloak.deleteUser(person.id);
      const { status, body } = await set(person.accessToken, { new_password: newPassword() });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: `user-${state}` });
    });
  });

  describe('403', () => {
    it('a guest is told how to upgrade', async () => {
      const { status, body } = await set((await api.guest()).accessToken, { new_password: newPassword() });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/users/guest-may-not',
      });
      expect(body.upgrade).toEqual({ method: 'POST', href: '/auth/upgrade' });
    });

    it('an API key sets nothing', async () => {
      const { key } = await api.key(await api.anyone());
      const { status, body } = await api.post('/auth/password', {
        apiKey: key,
        body: { new_password: newPassword() },
      });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/users/session-needed',
      });
    });
  });
});
